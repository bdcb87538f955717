"""`scale --process` has Kubernetes delete the processes that are named, in one go with the count."""

import json
from typing import Any

import pytest

from formation_cli import failures
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Object
from formation_cli.failures import Failure
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, running
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import cells, run

COST = "controller.kubernetes.io/pod-deletion-cost"
LOWEST = str(-(2**31))
ONE = "worker-1 --process worker.aaaaa"


def worker(suffix: str, *, ready: bool = True, cost: str | None = None, **about: Any) -> Object:
    """Return a process of the worker; one that isn't ready has started all the same."""
    annotations = {} if cost is None else {COST: cost}
    pod = a_pod(
        a_container(running(), ready=ready),
        **{"name": f"shop-worker-abc-{suffix}", "annotations": annotations, **about},
    )
    pod["spec"]["nodeName"] = "node-1"
    return pod


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    types = {name: builders.a_process(replicas=3) for name in ("worker", "web")}
    types["auto"] = builders.a_process(autoscaling={"minReplicas": 2, "maxReplicas": 10})
    types["keda"] = builders.a_process()
    formation = builders.stored(builders.a_formation(processes=types))
    keda = {"desiredReplicas": 3, "replicasManagedBy": "ScaledObject/keda"}
    formation["status"] = {"processes": {"keda": keda}}
    return FakeCluster(Formation=[formation], Pod=[worker("aaaaa"), worker("bbbbb"), worker("ccccc")])


def scale(words: str, code: int = 0) -> str:
    """Return what is said to a person."""
    done = run(f"scale shop {words}", code)
    return done.stderr if code else done.stdout


def costs(cluster: FakeCluster) -> dict[str, str]:
    """Return the deletion costs of Pods by the end of their names."""
    found = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {})
        for each in cluster.objects[kinds.POD]
    }
    return {name[-5:]: own[COST] for name, own in found.items() if COST in own}


def count(cluster: FakeCluster, type_: str = "worker") -> int:
    return int(cluster.spec["processes"][type_]["replicas"])


def is_as_it_was(cluster: FakeCluster) -> bool:
    """Tell whether neither a process was marked nor a count written, not even for a moment."""
    return cluster.dry_runs == [] and count(cluster) == 3


@pytest.mark.parametrize("name", ["shop-worker-abc-aaaaa", "pod/shop-worker-abc-aaaaa", "worker.aaaaa"])
def test_a_process_has_the_names_that_it_has_elsewhere(cluster: FakeCluster, name: str) -> None:
    scale(f"worker-1 --process {name} --process worker.aaaaa")
    assert costs(cluster) == {"aaaaa": LOWEST}


def test_several_processes_go_at_once_also_of_several_types(cluster: FakeCluster) -> None:
    web = worker("ddddd", labels={"formations.dev/process-type": "web"}, name="shop-web-abc-ddddd")
    cluster.objects[kinds.POD] += [
        web,
        worker("eeeee", labels=web["metadata"]["labels"]),
        worker("fffff", labels=web["metadata"]["labels"]),
    ]
    scale("worker-2 web-1 --process worker.aaaaa --process worker.bbbbb --process web.ddddd")
    assert costs(cluster) == dict.fromkeys(("aaaaa", "bbbbb", "ddddd"), LOWEST)
    assert (count(cluster), count(cluster, "web")) == (1, 2)


def test_a_dry_run_marks_nothing(cluster: FakeCluster) -> None:
    assert "worker.aaaaa: marked to go first (dry run)" in scale(f"{ONE} --dry-run")
    assert (costs(cluster), count(cluster), cluster.dry_runs) == ({}, 3, [True, True])


REFUSED = {
    "worker-1 --process worker.zzzzz": "shop has no process worker.zzzzz.",
    "web-1 --process worker.aaaaa": "scale shop worker-1 --process worker.aaaaa",
    "worker+1 --process worker.aaaaa": "worker.aaaaa: the count isn't lowered.",
    "--process worker.aaaaa": "worker.aaaaa: the count isn't lowered.",
    "worker-1 --process worker.aaaaa --process worker.bbbbb": "scale shop worker-2 --process worker.aaaaa",
    "auto-1 --process worker.aaaaa": "An autoscaler decides how many auto processes there are",
    "keda-1 --process worker.aaaaa": "ScaledObject/keda decides how many keda processes there are",
    "worker=1..2 --process worker.aaaaa": f"annotate pod shop-worker-abc-aaaaa {COST}=-1",
    "worker-1 --process worker-canary.canar": "worker-canary.canar, one of worker-canary.",
    "worker-1 --process run.runon": "stop shop --process run.runon",
    "worker-1 --process worker.going": "which is stopping or has ended",
    "worker-1 --process worker.ended": "which is stopping or has ended",
    "worker-1 --process ''": "names no process",
    "worker-1 --process": "--process",
}
"""What is typed, and what is said."""


@pytest.mark.parametrize(("words", "said"), REFUSED.items(), ids=REFUSED)
def test_what_can_not_be_meant_is_refused_with_the_way_out_before_anything_is_written(
    cluster: FakeCluster, words: str, said: str
) -> None:
    once = a_pod(name="shop-run-1-runon", labels={"formations.dev/run": "run"}, ownerReferences=[])
    cluster.objects[kinds.POD] += [
        worker("canar", labels={naming.TRACK_LABEL: naming.CANARY}),
        worker("going", deletionTimestamp=builders.ago(1)),
        worker("ended", status={"phase": "Failed"}),
        once,
    ]
    assert said in scale(words, failures.MISTYPED)
    assert is_as_it_was(cluster)


EARLIER = {
    "isn't ready": worker("bbbbb", ready=False),
    "has no node": {**worker("bbbbb"), "spec": {}, "status": {"phase": "Pending"}},
}


@pytest.mark.parametrize("other", EARLIER.values(), ids=EARLIER)
def test_a_process_that_kubernetes_would_delete_before_it_is_named_before_anything_is_written(
    cluster: FakeCluster, other: Object
) -> None:
    cluster.objects[kinds.POD][1] = other
    said = scale(ONE, failures.FAILED)
    assert "Kubernetes would delete worker.bbbbb before worker.aaaaa: what isn't ready goes first." in said
    assert "kubectl formation scale shop worker-2 --process worker.aaaaa" in said
    assert is_as_it_was(cluster)
    scale("worker-2 --process worker.aaaaa")
    assert costs(cluster) == {"aaaaa": LOWEST}


def test_while_processes_of_two_versions_run_nobody_knows_which_goes(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD].append(worker("ddddd", labels={"pod-template-hash": "def"}))
    said = scale(ONE, failures.FAILED)
    assert "worker runs processes of two versions" in said
    assert "kubectl formation wait shop" in said
    assert is_as_it_was(cluster)


def test_where_fewer_run_than_are_declared_a_lower_count_may_delete_none(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD].pop()
    said = scale(ONE, failures.FAILED)
    assert "2 of 3 processes of worker are there" in said
    assert is_as_it_was(cluster)


@pytest.mark.parametrize("right", ["patch pods", "list pods", "patch formations"])
def test_a_missing_right_is_found_before_anything_is_written(cluster: FakeCluster, right: str) -> None:
    cluster.lacked = (right,)
    said = scale(ONE, failures.NO_ACCESS)
    assert f"needs rights that you lack in namespace default: {right.replace(' ', ' on ')}" in said
    assert "Nothing was changed." in said
    assert ("Or leave out --process." in said) == (right != "patch formations")
    assert is_as_it_was(cluster)
    assert "patch pods shop-worker-abc-aaaaa" in cluster.reviewed


def test_if_the_count_can_not_be_written_the_mark_is_taken_back(cluster: FakeCluster) -> None:
    cluster.refused = Failure("no")
    cluster.objects[kinds.POD][0] = worker("aaaaa", cost="7")
    scale("worker-2 --process worker.aaaaa --process worker.bbbbb", failures.FAILED)
    assert costs(cluster) == {"aaaaa": "7"}
    assert cluster.dry_runs == [False] * 4


def test_a_mark_that_can_not_be_taken_back_is_named_with_what_takes_it(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise Failure("no")

    monkeypatch.setattr(cluster, "react", lambda: monkeypatch.setattr(cluster, "patch", refuse))
    said = scale(ONE, failures.FAILED)
    assert f"kubectl annotate pod shop-worker-abc-aaaaa {COST}-" in said


@pytest.mark.parametrize(
    ("theirs", "said", "left"),
    [
        ({"replicas": 2}, "lower by now, so the mark stays: `kubectl formation ps", {"aaaaa": LOWEST}),
        (
            {"autoscaling": {"maxReplicas": 5}},
            "An autoscaler decides how many worker processes there are",
            {},
        ),
    ],
)
def test_if_somebody_changes_the_formation_meanwhile_the_mark_stays_only_with_a_lower_count(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, theirs: Object, said: str, left: dict[str, str]
) -> None:
    patched = FakeCluster.patch

    def patch(self: FakeCluster, kind: str, name: str, *args: Any, **how: Any) -> Object:
        if kind == naming.KIND and not self.conflicts:
            self.conflicts = 1
            self.objects[kind][0]["spec"]["processes"]["worker"] |= theirs
        return patched(self, kind, name, *args, **how)

    monkeypatch.setattr(FakeCluster, "patch", patch)
    assert said in scale("worker=2 --process worker.aaaaa", failures.MISTYPED)
    assert costs(cluster) == left


def test_a_mark_that_had_no_use_goes_with_the_next_one(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD][1] = worker("bbbbb", cost=LOWEST)
    cluster.objects[kinds.POD][2] = worker("ccccc", cost="-5")
    scale(ONE)
    assert costs(cluster) == {"aaaaa": LOWEST, "ccccc": "-5"}


def test_a_mark_whose_process_is_about_to_go_stays(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD] = [worker("bbbbb", cost=LOWEST), *map(worker, ("aaaaa", "ccccc", "ddddd"))]
    scale(ONE)
    assert costs(cluster) == {"aaaaa": LOWEST, "bbbbb": LOWEST}


def test_ps_shows_the_mark_while_there_is_one(cluster: FakeCluster) -> None:
    assert "DELETION COST" not in cells(run("ps shop worker").stdout)[0]
    cluster.objects[kinds.POD][0] = worker("aaaaa", cost=LOWEST)
    cluster.objects[kinds.POD][1] = worker("bbbbb", cost="-5")
    header, *shown = cells(run("ps shop worker").stdout)
    assert [row[header.index("DELETION COST")] for row in shown] == ["lowest", "-5", "-"]
    found = json.loads(run("ps shop worker -o json").stdout)
    assert [each["deletionCost"] for each in found] == [-(2**31), -5, None]
