"""What ``kubectl formation`` says of what the API server refuses, and the exit code for scripts."""

import pathlib
from collections.abc import Callable

import pytest

from formation_cli import failures
from tests.live.client import Client
from tests.live.plugin import Plugin
from tests.shared import builders

NEWER = builders.a_formation(image="registry.example.com/shop:v2")
CHANGES = {
    "scale shop worker=2": "change Formation shop",
    "deploy shop --image registry.example.com/shop:v2": "change Formation shop",
    "stop shop": "change Formation shop",
    "restart shop": "change Deployment shop-worker",
    "run shop -- /shop migrate": "create Jobs",
    "run shop --dry-run -- /shop migrate": "create Jobs",
}
"""What somebody types, and what they may not do."""
File = Callable[[builders.Manifest], str]


@pytest.fixture
def file(tmp_path: pathlib.Path) -> File:
    """Write a manifest into a file, and return its name."""

    def write(manifest: builders.Manifest) -> str:
        path = tmp_path / "shop.json"
        path.write_text(builders.text(manifest))
        return str(path)

    return write


def test_anyone_who_may_only_look_is_told_what_is_missing(
    shop: Client, formation: Plugin, somebody: Callable[..., str], file: File
) -> None:
    viewer = formation.with_user(token=somebody("view"))
    for words, missing in CHANGES.items():
        code = failures.OURS if words.startswith("run") else failures.NO_ACCESS
        done = formation.within(*viewer, *words.split(), code=code)
        assert f"You may not {missing} in namespace {shop.namespace}." in done.stderr
        assert (
            "cannot" in done.stderr
        )  # the API server's own words: the verb, and the resource with its group
    everywhere = formation.within(*viewer, "ps", "-A", code=failures.NO_ACCESS)
    assert "You may not read Formations in all namespaces." in everywhere.stderr
    versions = formation.within(*viewer, "version").stdout
    assert "operator: unknown: You may not read Deployments in all namespaces." in versions
    applied = formation.within(*viewer, "diff", "-f", file(NEWER), code=2)
    assert 'cannot patch resource "formations"' in applied.stderr


def test_anyone_whom_the_cluster_does_not_know_is_told_so_by_diff_too(
    shop: Client, formation: Plugin, file: File
) -> None:
    unknown = formation.with_user(token="wrong")
    nowhere = formation.with_user(server="https://127.0.0.1:1")
    for words in (("ps",), ("diff", "-f", file(NEWER))):
        assert "doesn't know who you are" in formation.within(*unknown, *words, code=4).stderr
        assert (
            "The cluster at 127.0.0.1:1 doesn't answer" in formation.within(*nowhere, *words, code=4).stderr
        )


def test_kubectl_completes_formations_and_types(shop: Client, formation: Plugin) -> None:
    assert formation.completed("formation", "ps", "s") == ["shop"]
    assert formation.completed("formation", "scale", "shop", "w") == ["worker="]


def test_what_would_change_is_shown_with_what_it_restarts_or_why_it_can_not_be_applied(
    shop: Client, formation: Plugin, file: File
) -> None:
    assert formation.within("diff", "-f", file(builders.a_formation())).stdout == ""
    scaled = builders.a_formation(processes={"worker": builders.a_process(replicas=4)})
    counted = formation.within("diff", "-f", file(scaled), code=1)
    assert "+      replicas: 4" in counted.stdout.splitlines()
    assert counted.stderr == "worker: 1 -> 4 processes; running processes aren't restarted\n"
    restarted = formation.within("diff", "-f", file(NEWER), code=1)
    assert restarted.stderr == "worker: the processes are restarted, unless they run this already\n"

    mistyped = file(builders.a_formation(imag="x", tag="x"))
    done = formation.within("diff", "-f", mistyped, code=2)
    assert done.stderr.startswith(f"Error: {mistyped} can't be applied. kubectl says:\n")
    for field in ("spec.imag", "spec.tag"):
        assert f'unknown field "{field}"' in done.stderr
