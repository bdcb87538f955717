"""What ``release`` shows, and what ``logs`` has of it."""

import json
import queue
import time
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli import completion, failures
from formation_cli.cluster.port import Change, LogQuery
from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec
from formation_operator.api.release_key import release_key
from tests.shared import builders
from tests.shared.builders import ended
from tests.unit.cli import releases
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.releases import Object
from tests.unit.cli.typed import on, run

LINES = ["2026-11-26T09:00:01.000000001Z adding a column", "2026-11-26T09:00:02.000000001Z no database"]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    found = FakeCluster(Formation=[], Pod=[releases.pod(ended(3)), builders.a_pod()])
    found.logs = {f"{releases.JOB}-x7k2p": LINES, "shop-worker-1": ["2026-11-26T09:00:00.000000001Z works"]}
    monkeypatch.setattr(time, "time", lambda: builders.NOW)
    return found


SAID = {
    "it runs": releases.shop("Running"),
    "it has failed": releases.shop("Failed"),
    "it is held": releases.shop("Held"),
    "it has succeeded": releases.shop("Succeeded", finishedAt=builders.ago(60)),
    "it had nothing to do": releases.shop("Succeeded", job=None),
    "it isn't known yet": releases.shop("Succeeded", seen=1),
}


@pytest.mark.parametrize("formation", SAID.values(), ids=SAID)
def test_its_state_is_said_in_a_sentence(
    cluster: FakeCluster, formation: Object, snapshot: SnapshotAssertion
) -> None:
    cluster.objects["Formation"], cluster.objects["Pod"] = [formation], []
    assert run("release shop").stdout == snapshot


def test_what_it_wrote_is_below_and_nothing_of_the_processes(cluster: FakeCluster) -> None:
    cluster.objects["Formation"] = [releases.shop("Failed")]
    cluster.select = lambda *_, **asked: FakeCluster.select(cluster, *_)._replace(  # type: ignore[method-assign]  # by labels
        items=[cluster.objects["Pod"][0]] if releases.JOB in asked["labels"] else []
    )
    assert run("release shop").stdout.splitlines()[1:] == [
        "release.x7k2p | adding a column",
        "release.x7k2p | no database",
    ]


def test_where_none_is_declared_the_way_out_is_said(cluster: FakeCluster) -> None:
    cluster.objects["Formation"] = [builders.stored(builders.a_formation())]
    result = run("release shop")
    assert result.stdout == ""
    assert "shop has no release command. spec.release.command names one" in result.stderr
    assert run("release shop -o json").stdout == "{}\n"
    assert run("release shop -o name").stdout == ""


def test_programs_get_the_status_and_the_name_of_the_job(cluster: FakeCluster) -> None:
    cluster.objects["Formation"] = [releases.shop("Failed")]
    assert json.loads(run("release shop -o json").stdout)["job"] == releases.JOB
    assert run("release shop -o name").stdout == f"job.batch/{releases.JOB}\n"
    assert "leave out --follow" in run("release shop -f -o json", failures.MISTYPED).stderr


def becoming(state: str) -> Change:
    """Return what a watch says when the release comes to a state."""
    found = releases.shop(state)
    return Change("MODIFIED", {**found, "metadata": {**found["metadata"], "resourceVersion": state}})


class Succeeding(FakeCluster):
    """The release succeeds once somebody has read its log."""

    def __init__(self) -> None:
        super().__init__(Formation=[releases.shop("Running")], Pod=[releases.pod()])
        self.read: queue.SimpleQueue[str] = queue.SimpleQueue()

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        assert query.follow
        self.objects["Pod"] = [releases.pod(ended(0))]
        yield LINES[0].encode()
        self.read.put(pod)

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        if kind == naming.KIND:
            self.read.get()
            yield becoming("Succeeded")
        yield from super().watch(kind, version)


def test_it_is_followed_until_it_has_ended() -> None:
    first, *lines, last = on(Succeeding(), "release shop -f").stdout.splitlines()
    assert first == f"shop: {releases.RUNS}"
    assert lines == ["release.x7k2p | adding a column"]
    assert "the release command has succeeded" in last


def test_logs_completes_types_what_runs_once_and_the_release(cluster: FakeCluster) -> None:
    cluster.objects["Formation"] = [releases.shop("Failed")]
    assert completion.answer(["logs", "shop"], "") == ["web", "run", "release", ":4"]
    assert completion.answer(["logs", "shop", "release"], "re") == [":4"]
    assert completion.answer(["restart", "shop"], "re") == [":4"]


class Retried(FakeCluster):
    """Makes the Job anew some time after it was deleted."""

    def delete(self, kind: str, name: str, *, dry_run: bool = False) -> None:
        super().delete(kind, name)
        self.objects["Pod"] = []

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        if kind == naming.KIND:
            for state in ("Running", "Succeeded"):
                time.sleep(0.5)
                yield becoming(state)
        yield from super().watch(kind, version)


def test_a_command_that_has_failed_is_tried_again_and_followed() -> None:
    job = builders.a_release_job({"type": "FailureTarget", "status": "True"}, name=releases.JOB, generation=1)
    cluster = Retried(Formation=[releases.shop("Failed")], Pod=[releases.pod(ended(3))], Job=[job])
    assert on(cluster, "release shop --retry").stdout == "shop: the release command runs again\n"
    assert cluster.objects["Job"] == []
    cluster.objects["Job"] = [job]
    first, last = on(cluster, "release shop --retry -f").stdout.splitlines()
    assert first == "shop: the release command runs again"
    assert "the release command has succeeded" in last


@pytest.mark.parametrize("state", ["Running", "Succeeded", "Held"])
def test_only_what_has_failed_is_tried_again(cluster: FakeCluster, state: str) -> None:
    job = {"metadata": {"name": releases.JOB}}
    cluster.objects |= {"Formation": [releases.shop(state)], "Job": [job]}
    assert "No release of shop has failed. Nothing was changed." in run("release shop --retry", 1).stderr
    assert cluster.objects["Job"] == [job]


def test_a_try_that_the_status_does_not_know_yet_is_not_ended_by_another_one(cluster: FakeCluster) -> None:
    job = builders.a_release_job({"type": "Complete", "status": "True"}, name=releases.JOB)
    cluster.objects |= {"Formation": [releases.shop("Failed")], "Job": [job]}
    assert f"Job {releases.JOB} hasn't failed. Nothing was changed." in run("release shop --retry", 1).stderr
    assert cluster.objects["Job"] == [job]


def test_the_release_of_what_is_declared_is_not_ended_for_it_would_begin_again(cluster: FakeCluster) -> None:
    job = builders.a_release_job(name=releases.JOB)
    formation = releases.shop("Running")
    key = release_key(FormationSpec.model_validate(formation["spec"]))
    job["metadata"]["annotations"] = {naming.RELEASE_KEY_ANNOTATION: key}
    cluster.objects |= {"Formation": [formation], "Pod": [releases.pod()], "Job": [job]}
    stderr = run("stop shop --process release.x7k2p", failures.MISTYPED).stderr
    assert "kubectl formation rollback shop" in stderr
    assert cluster.objects["Job"] == [job]


def test_ps_shows_a_release_while_it_runs(cluster: FakeCluster) -> None:
    cluster.objects |= {"Formation": [releases.shop("Running")], "Pod": [releases.pod()]}
    (row,) = json.loads(run("ps shop release -o json").stdout)
    assert (row["type"], row["state"]) == ("release", "Running")
    cluster.objects["Pod"] = [releases.pod(ended(0))]
    cluster.objects["Pod"][0]["status"]["phase"] = "Succeeded"
    assert json.loads(run("ps shop release -o json").stdout) == []
