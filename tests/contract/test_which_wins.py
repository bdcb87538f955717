"""The file or the command: what each says of the other, by the API server's own merging."""

import copy
import time
from collections.abc import Iterator

from formation_cli import failures
from formation_cli.changes import appliers
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders
from tests.shared.builders import Manifest

OLD, NEW, NEWER = (f"registry.example.com/shop:v{number}" for number in (1, 2, 3))
FILE = builders.a_formation(
    env=[{"name": "LEVEL", "value": "info"}],
    processes={"worker": builders.a_process(replicas=0), "clock": builders.a_process()},
)
A_SECOND = 1.0
"""Managed fields count in whole seconds."""
SERVER_SIDE = ("--server-side",)


def image(user: Client) -> str:
    return str(user.get("formation", "shop")["spec"]["image"])


def without_image() -> Manifest:
    file = copy.deepcopy(FILE)
    del file["spec"]["image"]
    return file


def test_a_command_warns_that_the_next_apply_of_the_file_undoes_it_and_so_it_does(
    user: Client, formation: Plugin
) -> None:
    user.applied(FILE)
    typed: dict[str, tuple[str, ...]] = {
        "image": ("deploy", "shop", NEW),
        "worker": ("scale", "shop", "worker=2"),
    }
    typed["env"] = ("config", "set", "shop", "LEVEL=debug")
    for what, words in typed.items():
        assert f"{what}: {appliers.FILE}" in formation.within(*words).stderr.splitlines()
    assert f"env: {appliers.FILE}" in formation.within("config", "set", "shop", "OTHER=1").stderr
    assert appliers.FILE not in formation.within("scale", "shop", "clock=2").stderr
    user.apply(FILE)
    spec = user.get("formation", "shop")["spec"]
    assert (spec["image"], spec["processes"]["worker"]["replicas"]) == (OLD, 0)
    assert spec["env"] == FILE["spec"]["env"], "kubectl applies a list of a custom resource whole"
    assert spec["processes"]["clock"]["replicas"] == 2


def deploys(formation: Plugin) -> Iterator[list[str]]:
    for line in formation.within("history", "shop").stdout.splitlines()[1:]:
        number, _, _, by, *rest = [each.strip() for each in line.split("   ") if each.strip()]
        yield [number, by, *rest]


def test_an_old_file_over_a_newer_deploy_is_a_deploy_by_kubectl_and_an_event(
    user: Client, formation: Plugin
) -> None:
    user.apply(FILE)
    eventually(lambda: [*deploys(formation)])
    time.sleep(A_SECOND)
    formation.within("deploy", "shop", NEW, "--note", "fix the checkout")
    eventually(lambda: len([*deploys(formation)]) == 2)
    time.sleep(A_SECOND)
    user.apply(FILE)
    eventually(lambda: len([*deploys(formation)]) == 3)
    *_, last = deploys(formation)
    assert last == ["3", "kubectl-client-side-apply", f"image {NEW} -> {OLD}", "-"]
    event = f"revision 3: image {NEW} -> {OLD}"
    assert event in eventually(lambda: [each for each in user.events("Deployed") if "revision 3" in each])


def test_a_file_without_an_image_leaves_it_to_deploy_if_it_is_applied_by_the_server(
    user: Client, formation: Plugin
) -> None:
    user.apply(FILE, *SERVER_SIDE)
    formation.within("deploy", "shop", NEW)
    refused = user("apply", *SERVER_SIDE, "-f", "-", input=builders.text(FILE), check=False).stderr
    assert 'conflict with "formation-cli"' in refused
    user.apply(without_image(), *SERVER_SIDE)
    formation.within("deploy", "shop", NEWER)
    user.apply(without_image(), *SERVER_SIDE)
    assert image(user) == NEWER


def test_a_plain_apply_of_a_file_without_its_image_is_refused(user: Client, formation: Plugin) -> None:
    user.apply(FILE)
    formation.within("deploy", "shop", NEW)
    done = user("apply", "-f", "-", input=builders.text(without_image()), check=False)
    assert "no image for process type" in done.stderr
    assert image(user) == NEW


def test_of_two_pipelines_at_once_the_later_one_wins_and_the_earlier_one_rolls_nothing_back(
    shop: Client, formation: Plugin
) -> None:
    waits = ("--wait", "--rollback-on-failure", "--timeout", "8s")
    with formation.start("deploy", "shop", NEW, *waits) as earlier:
        eventually(lambda: image(shop) == NEW)
        later = formation.within(
            "deploy", "shop", NEWER, "--wait", "--timeout", "1s", code=failures.TIMED_OUT
        )
        assert earlier.stdout is not None
        said = earlier.stdout.read()
    assert later.stdout == f"image: {NEW} -> {NEWER}\n"
    assert "Another deploy has overtaken this one: shop declares revision" in said
    assert "rolled back" not in said
    assert earlier.returncode == failures.OVERTAKEN
    assert image(shop) == NEWER
