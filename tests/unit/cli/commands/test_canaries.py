"""What each command makes of canaries: the one new process of each type that a deploy tries first."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from formation_cli import failures
from formation_cli.cluster import kubectl
from formation_cli.cluster.port import Listed, LogQuery
from formation_operator.api import content, naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ago, ended, running, waiting
from tests.unit.cli.deployments import a_deployment, rolled_out
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import Object, a_revision, ran
from tests.unit.cli.typed import cells, run

TYPES = {"web": builders.a_process(replicas=1, port=8080), "worker": builders.a_process(replicas=1)}
SPEC: Object = {**builders.a_formation(processes=TYPES)["spec"], "image": "x:1", "canary": {"seconds": 30}}
BEFORE, RUNS = ran(a_revision(3, {**SPEC, "image": "x:0"})), a_revision(4, SPEC)
EXITS = "worker: exited with code 1: KeyError: QUEUE_URL (3 restarts)"
TRIES = "one new process of each changed type has to stay ready for 30 s: worker: 0 of 1 available"
FAILS = (
    f"{EXITS}; nothing else has changed; web waits with one new process. Correct it and deploy again, or "
    "go back (kubectl formation rollback shop)"
)
MESSAGES = {"Trying": TRIES, "Failed": FAILS}
NEW = "--image x:2 --wait --timeout 1s"


def shop(state: str, image: str = "x:2", **spec: Any) -> Object:
    """Return the Formation whose canaries are in a state, or whose content was let through."""
    formation = builders.stored({**builders.a_formation(), "spec": {**SPEC, "image": image, **spec}})
    return {**formation, "status": status(formation["spec"], state)}


def status(spec: Object, state: str, *, reason: str = "CanaryTrying") -> Object:
    """Return what the operator says then."""
    said, failed = MESSAGES.get(state, "all process types run as declared"), state == "Failed"
    why = {"message": said, "reason": "CanaryFailed" if failed else reason if state else "Running"}
    runs = RUNS if state else a_revision(5, spec)
    known = {"desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "state": "Running"}
    return {
        "observedGeneration": 1,
        "conditions": [
            {"type": "Ready", "status": str(not state), **why},
            {"type": "Stalled", "status": str(failed), **why},
        ],
        "processes": {"web": known, "worker": known},
        "revision": {"name": runs["metadata"]["name"], "number": runs["revision"], "ready": not state},
        **({"canary": {"state": state, "since": ago(9), "message": said}} if state else {}),
    }


def canary_of(type_: str, *containers: Object, suffix: str = "x7k2p", **metadata: Any) -> Object:
    """Return the Pod of a canary."""
    own = f"{type_}-canary"
    labels = {naming.PROCESS_TYPE_LABEL: type_, naming.TRACK_LABEL: naming.CANARY}
    inside = containers or (a_container(running(), type_),)
    return a_pod(*inside, name=f"shop-{own}-abc-{suffix}", labels=labels, **metadata)


class Tried(FakeCluster):
    """Keeps what is written, and answers as the operator would: by what becomes of the canaries."""

    states: list[str]
    """After each write."""
    reason = "CanaryTrying"

    def react(self) -> None:
        if self.states:
            (found,) = self.objects[naming.KIND]
            found["status"] = status(found["spec"], self.states.pop(0), reason=self.reason)

    def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        found = super().select(kind, labels=labels, fields=fields)
        wanted = {tuple(each.split("=")) for each in labels.split(",") if naming.TRACK_LABEL in each}
        return found._replace(
            items=[each for each in found.items if wanted <= {*each["metadata"].get("labels", {}).items()}]
        )

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        assert query.container in TYPES
        return super().log(pod, query)


@pytest.fixture(autouse=True)
def cluster() -> Tried:
    """A cluster where worker's canary doesn't stand."""
    fails = a_container(waiting("CrashLoopBackOff"), "worker", last=ended(1), restarts=3, image="x:2")
    found = Tried(
        Formation=[shop("Failed")],
        Pod=[a_pod(), canary_of("worker", fails), canary_of("web", suffix="vwxyz")],
        ControllerRevision=[BEFORE, RUNS],
        Deployment=[a_deployment(type_=each) for each in TYPES] + [a_deployment(track=naming.CANARY)],
    )
    found.logs = {"shop-worker-1": ["old"], "shop-worker-canary-abc-x7k2p": ["new"]}
    found.states = []
    return found


def test_ps_shows_the_canary_of_a_type_beside_its_old_processes_and_why_it_fails() -> None:
    result = run("ps shop worker")
    shown = [(*row[:3], *row[-2:]) for row in cells(result.stdout)[1:]]
    assert shown == [
        ("worker", "shop-worker-1", "Running", "-", "old"),
        ("worker-canary", "shop-worker-canary-abc-x7k2p", "Crashing", "Exited", "new"),
    ]
    assert result.stderr == f"shop isn't ready: waiting won't help: {FAILS}\n"
    types = [row[0] for row in cells(run("ps shop -o wide").stdout)[1:]]
    assert types == ["web", "web-canary", "worker", "worker-canary"]
    (found,) = json.loads(run("ps shop worker-canary -o json").stdout)
    assert (found["type"], found["image"], found["restarts"]) == ("worker-canary", "x:2", 3)


@pytest.mark.parametrize("words", ["worker", "worker-canary", "worker.1 worker-canary.x7k2p", ""])
def test_logs_have_the_lines_of_canaries_and_name_them(words: str) -> None:
    lines = run(f"logs shop {words}").stdout.splitlines()
    both = ["worker.1            | old", "worker-canary.x7k2p | new"]
    assert sorted(lines) == sorted(both[words == "worker-canary" :])


def test_no_command_is_run_in_a_canary_unless_it_is_named(
    cluster: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[str] = []
    monkeypatch.setattr(kubectl, "become", lambda _, *words: became.extend(words))
    run("exec shop --type worker -- ls")
    run("exec shop --process worker-canary.x7k2p -- ls")
    run("port-forward shop --process web-canary.vwxyz")
    assert became == [
        *("exec", "shop-worker-1", "--container=worker", "--", "ls"),
        *("exec", "shop-worker-canary-abc-x7k2p", "--container=worker", "--", "ls"),
        *("port-forward", "pod/shop-web-canary-abc-vwxyz", "8080:8080"),
    ]
    cluster.objects["Pod"] = cluster.objects["Pod"][2:]
    assert "No process of web runs" in run("exec shop -- ls", failures.OURS).stderr


@pytest.mark.parametrize(("state", "word"), [("Trying", "On trial"), ("Failed", "Failed as canary")])
def test_history_says_how_far_the_content_is_that_canaries_try(cluster: Tried, state: str, word: str) -> None:
    cluster.objects[naming.KIND] = [shop(state)]
    kept = a_revision(0, {**SPEC, "image": "x:2"})
    digest = content.digest_in(kept["metadata"]["name"])[:7]
    row = [digest, "-", word, "-", "image x:1 -> x:2", "-"]
    assert cells(run("history shop").stdout)[-1] == row
    assert len(run("history shop -o name").stdout.splitlines()) == 2  # it has no object
    assert json.loads(run(f"history shop {digest} -o json").stdout)["image"] == "x:2"

    skipped = a_revision(0, {**SPEC, "image": "x:7"}, ago=5)
    cluster.objects["ControllerRevision"] += [kept, skipped]  # as releases leave them
    states = [row[2] for row in cells(run("history shop").stdout)[1:]]
    assert states == ["Ran", "Runs", "Not rolled out", word]


@pytest.mark.parametrize("words", [f"deploy shop {NEW}", f"deploy shop --type web {NEW}"])
def test_a_deploy_waits_for_its_canaries(cluster: Tried, words: str) -> None:
    cluster.objects[naming.KIND], cluster.states = [shop("", "x:1")], ["Trying"]
    stderr = run(words, failures.TIMED_OUT).stderr
    assert f"Error: 1 s are over. shop isn't ready: {TRIES}\n" in stderr
    assert cells(stderr)[1] == ["canary", "-", "-", "Trying", TRIES]
    cluster.states = [""]
    run(words.replace("x:2", "x:3"))


def test_a_canary_that_waiting_can_not_help_ends_a_deploy_before_it_has_failed(cluster: Tried) -> None:
    cluster.objects[naming.KIND], cluster.states = [shop("", "x:1")], ["Trying"]
    cluster.reason = "ImagePullFailed"
    assert f"waiting won't help. {TRIES}\n" in run(f"deploy shop {NEW}", failures.FAILED).stderr


@pytest.mark.parametrize(
    ("words", "who"), [("scale shop worker=2", "worker runs"), ("start shop", "web, worker run")]
)
@pytest.mark.parametrize("state", ["Trying", "Failed"])
def test_no_count_waits_for_canaries(cluster: Tried, state: str, words: str, who: str) -> None:
    new = {**TYPES, "new": builders.a_process(replicas=1)}  # it comes with the content that is tried
    cluster.objects[naming.KIND] = [shop(state, suspend=words.startswith("start"), processes=new)]
    cluster.states, cluster.reason = [state], "ImagePullFailed"
    said = f"shop: {who} with the wanted count; the declared version isn't rolled out yet"
    assert run(f"{words} --wait --timeout 1s").stderr.splitlines()[-1] == said


def test_a_canary_is_no_old_process_that_goes_on_serving(cluster: Tried) -> None:
    old: Object = {"creationTimestamp": ago(7200)}
    cluster.objects["Pod"] = [a_pod(**old), canary_of("web", **old)]
    stderr = run(f"deploy shop {NEW}", failures.FAILED).stderr
    assert "Old processes keep running: worker=1.\n" in stderr


@pytest.fixture
def mended(cluster: Tried, monkeypatch: pytest.MonkeyPatch) -> Tried:
    """The same cluster, whose canaries stand once both have a new Pod."""

    def delete(kind: str, name: str, *, dry_run: bool = False) -> None:
        FakeCluster.delete(cluster, kind, name, dry_run=dry_run)
        if not dry_run and names_of(cluster) == ["shop-worker-1"]:
            cluster.objects[naming.KIND] = [shop("")]

    monkeypatch.setattr(cluster, "delete", delete)
    return cluster


def names_of(cluster: Tried) -> list[str]:
    return [each["metadata"]["name"] for each in cluster.objects["Pod"]]


@pytest.mark.parametrize("image", ["", "x:2", "--image x:2"])
def test_a_failed_version_is_tried_again_by_deleting_the_pods_of_its_canaries_alone(
    mended: Tried, image: str
) -> None:
    result = run(f"deploy shop {image} --retry --wait --timeout 1s")
    assert result.stdout == "shop: its canaries are tried again\n"
    assert "shop: all process types run as declared" in result.stderr
    assert names_of(mended) == ["shop-worker-1"]


def test_a_new_try_is_waited_for_although_the_status_has_the_failure_of_the_one_before(
    cluster: Tried,
) -> None:
    stderr = run("deploy shop --retry --wait --timeout 1s", failures.TIMED_OUT).stderr
    assert cells(stderr)[1] == ["canary", "-", "-", "Trying", "a new try"]
    assert "Error: 1 s are over. shop isn't ready: canary: a new try\n" in stderr
    assert names_of(cluster) == ["shop-worker-1"]


@pytest.mark.parametrize("words", ["deploy shop --retry", "restart shop worker"])
def test_a_new_try_that_fails_ends_the_wait_with_its_own_cause(
    cluster: Tried, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    crashes = a_container(waiting("CrashLoopBackOff"), "worker", last=ended(2, "no queue"), restarts=1)

    def delete(kind: str, name: str, *, dry_run: bool = False) -> None:
        FakeCluster.delete(cluster, kind, name, dry_run=dry_run)
        cluster.objects["Pod"].append(canary_of("worker", crashes, suffix="new12"))

    monkeypatch.setattr(cluster, "delete", delete)
    cluster.objects["Deployment"] = [rolled_out(each) for each in TYPES]
    stderr = run(f"{words} --wait --timeout 1s", failures.FAILED).stderr
    assert "waiting won't help. worker-canary: exited with code 2: no queue" in stderr
    assert "as declared" not in stderr  # no success before the failure


NONE = "has failed. Nothing was changed."


@pytest.mark.parametrize(
    ("state", "code", "words", "said"),
    [
        ("Failed", 2, "deploy shop x:3 --retry", "x:3 isn't the declared image: to deploy it, leave out"),
        ("Failed", 2, "deploy shop --type web --retry x:2", "--retry tries all canaries"),
        ("Failed", 2, "deploy shop --retry --wait --rollback-on-failure", "leave out --rollback-on-failure"),
        ("Failed", 2, "deploy shop", "Type the image behind NAME, or --image."),
        ("Trying", 1, "deploy shop --retry", f"No canary of shop {NONE} Kubernetes still tries them"),
        ("", 1, "deploy shop x:2 --retry", f"No canary of shop {NONE}"),
        ("", 1, "release shop --retry", f"No release of shop {NONE}"),
    ],
)
def test_what_has_not_failed_is_not_tried_again(
    cluster: Tried, state: str, code: int, words: str, said: str
) -> None:
    cluster.objects[naming.KIND] = [shop(state)]
    assert said in " ".join(run(words, code).stderr.split())
    assert len(names_of(cluster)) == 3


def test_a_cause_is_said_once_with_the_namespace_in_its_command(cluster: Tried) -> None:
    stderr = run("-n demo wait shop --timeout 1s", failures.FAILED).stderr
    assert stderr.count("KeyError: QUEUE_URL") == 1
    assert "go back (kubectl formation -n demo rollback shop)" in stderr
    assert cells(stderr)[1] == ["canary", "-", "-", "Failed", "as below"]


def test_without_a_process_of_a_canary_there_is_nothing_to_try_again(cluster: Tried) -> None:
    cluster.objects["Pod"] = [a_pod()]
    assert "No canary of shop has a process now" in run("deploy shop --retry", failures.FAILED).stderr


@pytest.mark.parametrize("words", ["deploy shop --retry --dry-run", "restart shop --dry-run"])
def test_a_dry_run_tries_nothing_again(cluster: Tried, words: str) -> None:
    assert "shop: its canaries are tried again (dry run)\n" in run(words).stdout
    assert len(names_of(cluster)) == 3


def test_a_release_that_has_failed_is_run_again_by_another_command(cluster: Tried) -> None:
    found = shop("", release={"command": ["/shop", "migrate"]})
    found["status"]["release"] = {"state": "Failed", "job": "shop-release", "message": "exited"}
    cluster.objects[naming.KIND] = [found]
    stderr = run("deploy shop --retry", failures.FAILED).stderr
    assert "Its release command has: kubectl formation release shop --retry" in stderr


def test_a_restart_leaves_canaries_that_have_not_failed(cluster: Tried) -> None:
    cluster.objects[naming.KIND] = [shop("Trying")]
    uses: Object = {"containers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]}
    tracks = naming.STABLE, naming.CANARY
    cluster.objects["Deployment"] = [a_deployment(track=each, pod=uses) for each in tracks]
    assert run("restart --using cm/settings").stdout == "shop worker: restarting\n"
    assert run("restart shop worker").stdout == "worker: restarting\n"
    assert len(names_of(cluster)) == 3
