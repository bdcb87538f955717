"""That a kind isn't watched any more is noticed, in whichever namespace."""

import argparse
import asyncio

import kopf
import pytest

from formation_operator import command_line
from formation_operator.controller import watchdog
from formation_operator.kube.objects import kinds


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
        async with asyncio.timeout(60):
            await guard
    for task in watchers:
        task.cancel()


@pytest.mark.parametrize("text", ["", "team-*", "!a", "a,b", "A"])
def test_what_names_no_namespace_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="isn't the name of a namespace"):
        command_line.namespace(text)
