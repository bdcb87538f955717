"""That a kind isn't watched any more is noticed, in whichever namespace."""

import argparse
import asyncio
import json
import logging
import pathlib

import kopf
import pytest
from kubernetes.config import kube_config

from formation_operator import __main__ as main
from formation_operator.controller import watchdog, watches
from formation_operator.kube import kinds

KUBECONFIG = {
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
    "clusters": [{"name": "here", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "us", "user": {"token": "a-token"}}],
}


@pytest.mark.parametrize("kind", kinds.WATCHED, ids=lambda kind: kind.plural)
def test_the_tasks_that_watch_have_the_names_that_kopf_gives_them(kind: kinds.Kind) -> None:
    resource = kopf.Resource(kind.group, kind.version, kind.plural)
    assert kind.task == f"watcher for {resource}"


@pytest.mark.parametrize("namespaces", [(), ("a", "b")], ids=["everywhere", "in two namespaces"])
async def test_the_loss_of_any_watch_is_an_error(
    namespaces: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "FIRST_CHECK", 0.001)
    monkeypatch.setattr(watchdog, "EVERY", 0.001)
    watchers = [
        asyncio.create_task(asyncio.sleep(60), name=f"{kind.task}@{namespace}")
        for kind in kinds.WATCHED
        for namespace in namespaces or (None,)
    ]
    guard = asyncio.create_task(watchdog.until_broken(namespaces))
    await asyncio.sleep(0.05)
    assert not guard.done()
    watchers[-1].cancel()
    with pytest.raises(watchdog.WatchLostError, match=r"watcher for pods\.v1@(b|None): gone"):
        async with asyncio.timeout(5):
            await guard
    for task in watchers:
        task.cancel()


async def test_credentials_that_were_refused_once_may_be_tried_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(json.dumps(KUBECONFIG))
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    monkeypatch.setattr(watches, "LOGIN_PAUSE", 0.0)
    login = watches.login()
    given = {"logger": logging.getLogger(), "settings": watchdog.kopf_settings()}
    first, second = await login(**given), await login(**given)
    assert first is not None
    assert second is not None
    sessions = [first.aiohttp_session, second.aiohttp_session]
    assert [each.headers["Authorization"] for each in sessions] == ["Bearer a-token"] * 2
    assert first != second, "kopf takes none that equals one that was refused"
    for each in sessions:
        await each.close()


@pytest.mark.parametrize("text", ["", "team-*", "!a", "a,b", "A"])
def test_what_names_no_namespace_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="isn't the name of a namespace"):
        main.namespace(text)
