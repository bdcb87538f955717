"""What ``kubectl formation`` says when something is missing, and the exit code for scripts."""

import pathlib
from collections.abc import Callable

import pytest

from formation_cli import failures
from tests import builders
from tests.client import Client, eventually
from tests.plugin import Plugin


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation."""
    user.apply(builders.a_formation())
    user.reported()
    return user


def test_who_may_not_read_is_told_so(shop: Client, formation: Plugin) -> None:
    shop("create", "serviceaccount", "nobody")
    token = shop("create", "token", "nobody").stdout.strip()
    done = formation.within("ps", "shop", *formation.with_user(token=token), code=4)
    assert f"You may not read Formation shop in namespace {shop.namespace}." in done.stderr
    assert "nobody" in done.stderr


@pytest.fixture
def viewer(shop: Client, formation: Plugin) -> str:
    """The token of somebody who may look at everything in the namespace, and change nothing."""
    shop("create", "serviceaccount", "viewer")
    subject = f"--serviceaccount={shop.namespace}:viewer"
    shop("create", "rolebinding", "viewer", "--clusterrole=view", subject)
    token = shop("create", "token", "viewer").stdout.strip()
    # The API server takes a moment to know of it.
    eventually(lambda: formation.within(*formation.with_user(token=token), "ps", "shop"))
    return token


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("scale shop worker=2", "change Formation shop"),
        ("deploy shop --image registry.example.com/shop:v2", "change Formation shop"),
        ("stop shop", "change Formation shop"),
        ("restart shop", "change Deployment shop-worker"),
        ("run shop -- /shop migrate", "create Jobs"),
        ("run shop --dry-run -- /shop migrate", "create Jobs"),
    ],
)
def test_who_may_only_look_is_told_what_is_missing(
    shop: Client, formation: Plugin, viewer: str, words: str, missing: str
) -> None:
    code = failures.OURS if words.startswith("run") else failures.NO_ACCESS
    done = formation.within(*formation.with_user(token=viewer), *words.split(), code=code)
    assert f"You may not {missing} in namespace {shop.namespace}." in done.stderr
    assert "cannot" in done.stderr  # the API server's own words: the verb, and the resource with its group


def test_a_token_that_nobody_knows_is_told(shop: Client, formation: Plugin) -> None:
    assert (
        "doesn't know who you are"
        in formation.within("ps", *formation.with_user(token="wrong"), code=4).stderr
    )


def test_another_namespace_is_looked_into_if_it_is_named(shop: Client, formation: Plugin) -> None:
    assert formation.within("ps", "-n", "default", "-o", "name").stdout == ""
    assert (
        formation.within("-n", shop.namespace, "ps", "-o", "name").stdout == "formation.formations.dev/shop\n"
    )


def test_kubectl_completes_formations_and_types(shop: Client, formation: Plugin) -> None:
    assert formation.completed("formation", "ps", "s") == ["shop"]
    assert formation.completed("formation", "scale", "shop", "w") == ["worker="]


@pytest.fixture
def file(tmp_path: pathlib.Path) -> Callable[[builders.Manifest], str]:
    """Write a manifest into a file, and return its name."""

    def write(manifest: builders.Manifest) -> str:
        path = tmp_path / "shop.json"
        path.write_text(builders.text(manifest))
        return str(path)

    return write


def test_what_would_change_is_shown_with_what_it_restarts(
    shop: Client, formation: Plugin, file: Callable[[builders.Manifest], str]
) -> None:
    same, scaled = (
        builders.a_formation(),
        builders.a_formation(processes={"worker": builders.a_process(replicas=4)}),
    )
    newer = builders.a_formation(image="registry.example.com/shop:v2")

    assert formation.within("diff", "-f", file(same)).stdout == ""
    counted = formation.within("diff", "-f", file(scaled), code=1)
    assert "+      replicas: 4" in counted.stdout.splitlines()
    assert counted.stderr == "worker: 1 -> 4 processes; none that keeps running is restarted\n"
    restarted = formation.within("diff", "-f", file(newer), code=1)
    assert restarted.stderr == "worker: the processes are restarted, unless they run this already\n"


def test_what_can_not_be_applied_is_told_by_another_code(
    shop: Client, formation: Plugin, file: Callable[[builders.Manifest], str]
) -> None:
    wrong = builders.a_formation(processes={"worker": builders.a_process(replicas=-1)})
    assert "replicas" in formation.within("diff", "-f", file(wrong), code=2).stderr


def test_why_it_can_not_be_applied_is_said_in_kubectls_words(
    shop: Client, formation: Plugin, file: Callable[[builders.Manifest], str]
) -> None:
    mistyped = file(builders.a_formation(imag="x", tag="x"))
    done = formation.within("diff", "-f", mistyped, code=2)
    assert done.stderr.startswith(f"Error: {mistyped} can't be applied. kubectl says:\n")
    for field in ("spec.imag", "spec.tag"):
        assert f'unknown field "{field}"' in done.stderr


def test_anyone_who_may_not_apply_is_told_so_by_diff_too(
    shop: Client, formation: Plugin, viewer: str, file: Callable[[builders.Manifest], str]
) -> None:
    changed = file(builders.a_formation(image="registry.example.com/shop:v2"))
    done = formation.within(*formation.with_user(token=viewer), "diff", "-f", changed, code=2)
    assert f"Error: {changed} can't be applied. kubectl says:\n" in done.stderr
    assert 'cannot patch resource "formations"' in done.stderr

    unknown = formation.within(*formation.with_user(token="wrong"), "diff", "-f", changed, code=4)
    assert "doesn't know who you are" in unknown.stderr
    nowhere = formation.with_user(server="https://127.0.0.1:1")
    unreachable = formation.within(*nowhere, "diff", "-f", changed, code=4)
    assert "The cluster at 127.0.0.1:1 doesn't answer" in unreachable.stderr
