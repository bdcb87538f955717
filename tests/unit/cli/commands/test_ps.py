"""What `ps` shows of Formations and of their processes."""

import json
from typing import Any

import click
import pytest

from formation_cli import failures
from formation_cli.cluster import answers, kinds
from formation_cli.cluster.port import Cluster
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ended, waiting
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import cells, run

TYPES = {"worker": builders.a_process(), "zoo": builders.a_process(image="x/zoo:2")}
READY = [{"type": "Ready", "status": "True", "reason": "Running", "message": "all process types run"}]


def shop(
    name: str = "shop", namespace: str = "default", *, types: Any = None, conditions: Any = READY, **spec: Any
) -> dict[str, Any]:
    formation = builders.stored(builders.a_formation(name, processes=TYPES, **spec), namespace=namespace)
    status = {"observedGeneration": 1, "conditions": conditions, "processes": types or {}}
    return {**formation, "status": status}


def one_off(state: dict[str, Any], suffix: str, **status: str) -> dict[str, Any]:
    labels = {"formations.dev/run": "run"}
    name = f"shop-run-{suffix}"
    return a_pod(a_container(state, "run"), name=name, labels=labels, ownerReferences=[], status=status)


class TwoNamespaces(FakeCluster):
    """Has another Formation in another namespace."""

    def in_all_namespaces(self) -> Cluster:
        everywhere = TwoNamespaces(Formation=[shop("zoo", "b"), shop("shop", "a")])
        everywhere.namespace = ""
        return everywhere


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return TwoNamespaces(Formation=[shop()], Pod=[])


def rows(words: str = "") -> list[list[str]]:
    return cells(run(f"ps {words}").stdout)


def process(words: str) -> dict[str, Any]:
    """Return the one process that is shown to a program."""
    (found,) = json.loads(run(f"ps shop {words} -o json").stdout)
    return dict(found)


def test_all_namespaces_are_one_table_that_names_them() -> None:
    header, *found = rows("-A")
    assert header[:2] == ["NAMESPACE", "NAME"]
    assert [row[:2] for row in found] == [["a", "shop"], ["b", "zoo"]]
    assert rows()[0][0] == "NAME"


def test_a_wide_table_has_the_images_of_types_and_says_more() -> None:
    header, row = rows("-o wide")
    assert header[-2:] == ["OWN IMAGES", "MESSAGE"]
    assert row[-2:] == ["zoo=x/zoo:2", "all process types run"]


def test_a_formation_that_is_stopped_does_not_look_as_if_it_ran(cluster: FakeCluster) -> None:
    cluster.objects[naming.KIND] = [shop(suspend=True)]
    header, row = rows()
    assert row[header.index("REASON")] == "Suspended"


def test_a_process_that_does_not_run_is_shown_with_its_reason(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD] = [
        a_pod(a_container(waiting("ImagePullBackOff", "Back-off pulling image x:9"), image="x:9"))
    ]
    header, row, *_ = rows("shop")
    assert (header[-1], row[-1]) == ("REASON", "ImagePullFailed")
    header, row, *_ = rows("shop -o wide")
    assert header[-3:] == ["NODE", "IMAGE", "MESSAGE"]
    assert row[-2] == "x:9"
    assert "x:9" in row[-1]


@pytest.mark.parametrize(
    ("state", "phase", "shown"),
    [
        (ended(0), "Running", ("Completed", "")),
        (ended(7), "Running", ("Failed", "Exited")),
        (waiting(""), "Failed", ("Failed", "Evicted")),
        (builders.running(), "Running", ("Running", "")),
    ],
)
def test_what_runs_once_is_shown_as_what_became_of_it(
    cluster: FakeCluster, state: dict[str, Any], phase: str, shown: tuple[str, str]
) -> None:
    cluster.objects[kinds.POD] = [one_off(state, "1-abcde", phase=phase, reason="Evicted")]
    found = process("run")
    assert (found["state"], found["reason"]) == shown


def test_types_and_processes_are_chosen_by_their_names(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD] = [a_pod(name="shop-worker-1-abcde"), a_pod(name="shop-worker-1-fghij")]
    assert [row[0] for row in rows("shop zoo")[1:]] == ["zoo"]
    assert len(rows("shop worker")[1:]) == 2
    for name in ("worker.abcde", "shop-worker-1-abcde", "pod/shop-worker-1-abcde"):
        assert [row[1] for row in rows(f"shop {name}")[1:]] == ["shop-worker-1-abcde"]
    assert "Did you mean worker?" in run("ps shop wrker", failures.MISTYPED).stderr
    assert rows("shop run")[1:] == []


def test_a_person_sees_below_the_table_what_is_worth_knowing_of_a_type_that_runs(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("formation_cli.terminal.screen.is_terminal", lambda: True)
    worker = {"state": "Running", "message": "its autoscaler is at maxReplicas"}
    zoo = {"reason": "Exited", "message": "no"}
    cluster.objects[naming.KIND] = [shop(types={"worker": worker, "zoo": zoo})]
    last = [click.unstyle(line) for line in run("ps shop").stdout.splitlines()[-2:]]
    assert last == ["shop: all process types run", "worker: its autoscaler is at maxReplicas"]


def test_a_process_that_starts_is_shown_with_what_its_type_waits_for(cluster: FakeCluster) -> None:
    reason, message = "ReadinessProbeFailed", "its readiness probe fails: HTTP 500"
    worker = {"state": "Starting", "reason": reason, "message": message}
    cluster.objects |= {
        naming.KIND: [shop(types={"worker": worker})],
        kinds.POD: [a_pod(a_container(builders.running(), ready=False))],
    }
    found = process("worker")
    assert (found["state"], found["reason"], found["message"]) == ("Starting", reason, message)
    worker["state"] = "Crashing"  # then that may be about another process
    assert process("worker")["reason"] == ""


def test_a_selector_that_is_none_is_a_typo(cluster: FakeCluster) -> None:
    request = answers.Request("GET", naming.KIND, "default", query={"labelSelector": "!!"})
    text = json.dumps({"message": "unable to parse requirement: found '!'"}).encode()
    assert answers.failure(request, 400, text).exit_code == failures.MISTYPED
    assert answers.failure(request._replace(query={}), 400, text).exit_code == failures.FAILED
