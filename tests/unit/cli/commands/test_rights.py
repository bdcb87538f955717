"""A command that waits asks first for what it may do: else it would change what it can't follow."""

import shlex
import threading

import pytest

from formation_cli import failures, rights
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Object
from formation_cli.program import program
from formation_operator.api import naming
from tests.shared import builders
from tests.unit.cli.deployments import a_deployment
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import V1, V2, a_revision, ran, shop
from tests.unit.cli.typed import run

FOLLOWED = ["list formations", "list pods", "watch formations", "watch pods"]
CHANGED = ["get formations", "patch formations", *FOLLOWED]
WENT_BACK = [*CHANGED, "list controllerrevisions"]
PODS = "namespace default: list, watch on pods"
DEPLOY = "deploy shop shop:v3 --wait"
COMMANDS = {
    DEPLOY: CHANGED,
    f"{DEPLOY} --rollback-on-failure": WENT_BACK,
    "rollback shop --wait": WENT_BACK,
    "scale shop web=5 --wait": CHANGED,
    "scale shop web-1 --process web.1 --wait": [*CHANGED, "patch pods"],
    "deploy shop --retry --wait": [*CHANGED, "delete pods"],
    "config set shop A=1 --wait": CHANGED,
    "config unset shop A --wait --rollback-on-failure": WENT_BACK,
    "config set shop --secret --env .env --wait": [*CHANGED, "create secrets"],
    "config unset shop A --wait": CHANGED,
    "restart shop web --wait": [
        *("get formations", *FOLLOWED, "list deployments", "patch deployments", "watch deployments")
    ],
    "stop shop --wait": CHANGED,
    "start shop --wait": CHANGED,
}
CASES = [(words, right) for words, needed in COMMANDS.items() for right in needed]


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    kept = [ran(a_revision(1, V1)), a_revision(2, V2)]
    return FakeCluster(
        Formation=[shop(kept[1], {**V2, "env": [{"name": "A", "value": "2"}]})],
        ControllerRevision=kept,
        Deployment=[a_deployment(type_="web"), a_deployment(type_="worker")],
        Pod=[
            builders.a_pod(name=f"shop-web-abc-{number}", labels={naming.PROCESS_TYPE_LABEL: "web"})
            for number in range(4)
        ],
    )


@pytest.mark.parametrize(("words", "right"), CASES)
def test_a_change_that_could_not_be_followed_to_its_end_is_not_made(
    cluster: FakeCluster, words: str, right: str
) -> None:
    cluster.lacked = (right,)
    stderr = run(words, failures.NO_ACCESS).stderr
    verb, _, resource = right.partition(" ")
    assert f" you lack in namespace default: {verb} on {resource}" in stderr
    assert "Nothing was changed.\n" in stderr
    assert cluster.dry_runs == []
    assert kinds.SECRET not in cluster.objects


def test_each_command_that_can_wait_says_what_it_needs() -> None:
    commands = {shlex.split(words.partition(" shop")[0])[0] for words in COMMANDS}
    waiting = set()
    for name in program.list_commands(None):  # type: ignore[arg-type]  # it needs no context
        command = program.get_command(None, name)  # type: ignore[arg-type]
        below = getattr(command, "commands", {None: command})
        waiting |= {name for each in below.values() if any(p.name == "waits" for p in each.params)}
    assert waiting == commands
    assert {*rights.NEEDED} == {"config set", "config unset", "wait", *commands - {"config"}}


def test_whoever_lacks_rights_is_told_which_and_who_has_them_and_how_to_do_without(
    cluster: FakeCluster,
) -> None:
    cluster.lacked = ("list pods", "watch pods")
    lines = run(DEPLOY, failures.NO_ACCESS).stderr.splitlines()
    assert lines == [
        f"Error: `deploy --wait` needs rights that you lack in {PODS}. Nothing was changed.",
        "The cluster's role view has these rights. Or leave out --wait.",
    ]
    assert run("wait shop", failures.NO_ACCESS).stderr.splitlines() == [
        f"Error: `wait` needs rights that you lack in {PODS}.",
        "The cluster's role view has these rights.",
    ]
    cluster.lacked = ("list controllerrevisions",)
    stderr = run(f"{DEPLOY} --rollback-on-failure", failures.NO_ACCESS).stderr
    assert "`deploy --rollback-on-failure` needs rights that you lack" in stderr
    assert stderr.endswith("Or leave out --rollback-on-failure.\n")


def test_a_right_to_write_is_needed_without_a_wait_too(cluster: FakeCluster) -> None:
    cluster.lacked = ("patch formations", "list pods")
    lines = run(DEPLOY, failures.NO_ACCESS).stderr.splitlines()
    assert "patch on formations.formations.dev; list on pods." in lines[0]
    assert lines[1:] == ["The cluster's role edit has these rights."]


def test_rights_are_asked_for_by_the_name_of_what_is_changed(cluster: FakeCluster) -> None:
    cluster.lacked = ("patch deployments",)
    run("restart shop web worker --wait", failures.NO_ACCESS)
    asked = {*cluster.reviewed}
    assert {"patch deployments shop-web", "patch deployments shop-worker", "watch formations shop"} < asked
    assert "list pods" in asked
    assert cluster.dry_runs == []


@pytest.mark.parametrize("unreachable", [False, True])
def test_no_answer_is_not_a_no(cluster: FakeCluster, *, unreachable: bool) -> None:
    cluster.forbidden, cluster.unreachable = (kinds.ACCESS_REVIEW,), unreachable
    run(f"{DEPLOY} --timeout 0s", failures.TIMED_OUT)
    assert cluster.spec["image"] == "shop:v3"


def test_rights_are_asked_for_side_by_side(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(len(COMMANDS[DEPLOY]), timeout=10)
    answered = FakeCluster.create

    def create(self: FakeCluster, manifest: Object, *, dry_run: bool = False) -> Object:
        together.wait()
        return answered(self, manifest, dry_run=dry_run)

    monkeypatch.setattr(FakeCluster, "create", create)
    run(f"{DEPLOY} --timeout 0s", failures.TIMED_OUT)
    assert len(cluster.reviewed) == len(COMMANDS[DEPLOY])
