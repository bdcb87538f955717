"""Logs of several processes as one stream."""

import queue
from collections.abc import Iterator

import pytest
from click.testing import Result

from formation_cli.cluster.port import LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.failures import Failure
from formation_cli.views import log_lines
from formation_cli.views.log_lines import Line
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ended, running, waiting
from tests.unit.cli.fake_cluster import Deleting, FakeCluster
from tests.unit.cli.typed import on

QUERY = LogQuery("", timestamps=True)


def following(cluster: FakeCluster) -> Iterator[Line]:
    return log_streams.Following(cluster, QUERY, log_streams.of_types(["worker"])).lines("")


def at(second: int, text: str) -> str:
    return f"2026-11-26T09:00:0{second}.123456789Z {text}"


def test_what_was_written_is_in_the_order_of_its_times_in_whichever_zones() -> None:
    pods = [a_pod(name="shop-worker-a"), a_pod(name="shop-worker-b")]
    cluster = FakeCluster(Pod=pods)
    of_a = {"01.000000000": "one", "01.000000001": "two", "03.000000000": "four"}
    cluster.logs = {
        "shop-worker-a": [f"2026-11-26T10:00:{time}+01:00 {text}" for time, text in of_a.items()],
        "shop-worker-b": [at(2, "three")],
    }
    lines = [*log_streams.past(cluster, map(log_lines.source, pods), QUERY)]
    assert [line.text for line in lines] == ["one", "two", "three", "four"]
    assert [line.source.label for line in lines] == ["worker.a", "worker.a", "worker.b", "worker.a"]


def test_a_log_that_can_not_be_followed_is_told_beside_those_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
    monkeypatch.setattr("click.echo", lambda text, *, err: told.put((text, err)))
    cluster = FakeCluster(Pod=[a_pod(name="shop-worker-dead"), a_pod(name="shop-worker-a")])
    cluster.failing = {"shop-worker-dead": Failure("dial timeout")}
    cluster.logs = {"shop-worker-a": [at(1, "one")]}
    assert next(following(cluster)).text == "one"
    assert told.get(timeout=10) == ("worker.dead: dial timeout", True)


def owned_by(kind: str) -> Object:
    """Return a Pod with the Formation's label that no process type has."""
    owner = {"apiVersion": "batch/v1", "kind": kind, "name": "shop-report-29384", "controller": True}
    pod = a_pod(a_container(ended(0), "report"), name="shop-report-29384-x7k2p", ownerReferences=[owner])
    pod["metadata"]["labels"] = {"formations.dev/formation": "shop"}
    return pod


def test_what_a_job_with_the_label_runs_is_chosen_as_what_runs_once() -> None:
    pod = owned_by("Job")
    assert log_streams.of_types(["run"])(pod)
    assert not log_streams.of_types(["worker"])(pod)
    assert log_lines.source(pod)[2:] == ("report", 0, "report.x7k2p", "run")


def test_what_has_the_label_alone_is_not_chosen() -> None:
    assert not log_streams.of_types(["worker", "run", ""])(owned_by("Other"))


OVER = {
    "it has ended": a_container(ended(1)),
    "it waits to be started anew": a_container(waiting("CrashLoopBackOff"), last=ended(1), restarts=3),
}


@pytest.mark.parametrize("container", OVER.values(), ids=OVER)
def test_the_last_words_of_a_process_are_followed_with_what_a_line_goes_on_with(container: Object) -> None:
    cluster = FakeCluster(Pod=[a_pod(container, name="shop-worker-a")])
    cluster.logs = {"shop-worker-a": [at(1, "one, which is long,"), "and its rest", at(2, "two")]}
    lines = following(cluster)
    assert [next(lines).text for _ in range(3)] == ["one, which is long,", "and its rest", "two"]


class Restarting(FakeCluster):
    """A process is started anew when its log has ended, of which the watch doesn't tell."""

    def __init__(self) -> None:
        super().__init__(Pod=[a_pod(name="shop-worker-a")])
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        self.asked.put("log")
        self.objects["Pod"] = [a_pod(a_container(running(), restarts=1), name=pod)]
        yield at(1, "one").encode()

    def get(self, kind: str, name: str) -> Object | None:
        self.asked.put(kind)
        return super().get(kind, name)


def test_who_follows_a_run_of_a_process_does_not_follow_the_next_one_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_streams, "PAUSE", 0.01)
    cluster = Restarting()
    assert "one" in (line.text for line in following(cluster))
    assert [cluster.asked.get(timeout=10) for _ in range(2)] == ["log", "Pod"]
    with pytest.raises(queue.Empty):
        cluster.asked.get(timeout=0.2)


NO_PREVIOUS = 'previous terminated container "worker" in pod "shop-worker-a" not found'
LOST = "unable to retrieve container logs for containerd://0123"
LOST_WHILE_OPENED = (
    'failed to try resolving symlinks in path "/pods/worker/0.log": lstat /pods/worker/0.log: no such file'
)


class OneDeadContainer(FakeCluster):
    """Has the log of the container that ended last, and none before it."""

    def __init__(self, pod: Object, said: str) -> None:
        super().__init__(Pod=[pod], Formation=[builders.stored(builders.a_formation())])
        self.said = said

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        if not query.previous:
            yield at(1, "no database").encode()
        elif self.said == NO_PREVIOUS:
            raise Failure(NO_PREVIOUS)
        else:
            yield self.said.encode()


CRASHED = ended(1, "no database")
IN_BACK_OFF = a_container(waiting("CrashLoopBackOff"), last=CRASHED, restarts=3)
RESTARTED = a_container(running(), last=CRASHED, restarts=3)


def previous(pod: Object, said: str, code: int = 0) -> Result:
    """Return the log before the last one of a process, in whose place kubelet says something."""
    return on(OneDeadContainer(pod, said), "logs shop worker -p", code)


@pytest.mark.parametrize("said", [NO_PREVIOUS, LOST, LOST_WHILE_OPENED])
def test_of_a_process_in_a_back_off_the_last_log_is_shown_where_there_is_none_before(said: str) -> None:
    result = previous(a_pod(IN_BACK_OFF, name="shop-worker-a"), said)
    assert result.stderr == ""
    assert result.stdout.split() == ["worker.a", "|", "no", "database"]


def test_the_log_of_a_process_that_runs_again_is_not_taken_for_the_one_before() -> None:
    result = previous(a_pod(RESTARTED, name="shop-worker-a"), LOST, 1)
    assert result.stdout == ""
    assert "worker.a: its node no longer has its log" in result.stderr


def test_a_process_that_is_deleted_while_its_log_is_read_is_no_failure() -> None:
    pod = a_pod(RESTARTED, name="shop-worker-a", deletionTimestamp="2026-11-26T10:00:00Z")
    assert previous(pod, LOST).stderr == "None of these processes was restarted.\n"


def test_what_ran_once_and_has_ended_was_not_restarted() -> None:
    pod = a_pod(a_container(ended(1)), name="shop-worker-a", status={"phase": "Failed"})
    result = previous(pod, NO_PREVIOUS)
    assert result.stdout == ""
    assert "None of these processes was restarted." in result.stderr


def test_what_was_deleted_is_no_longer_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_streams, "PAUSE", 0.1)
    pod = a_pod(name="shop-worker-a")
    cluster = Deleting(Formation=[builders.stored(builders.a_formation())], Pod=[pod])
    cluster.logs = {"shop-worker-a": [at(1, "last words")]}
    assert [line.text for line in following(cluster)] == ["last words", "worker.a ended"]


def test_lines_of_one_type_are_no_wider_than_its_names_need() -> None:
    report = {"schedule": "@daily", "command": ["report"]}
    formation = builders.a_formation(schedules={"a-report-with-a-very-long-name": report})
    cluster = FakeCluster(Formation=[builders.stored(formation)], Pod=[a_pod(name="shop-worker-1-abcde")])
    cluster.logs = {"shop-worker-1-abcde": [at(1, "one")]}
    for word in ("worker", "worker.abcde"):
        assert on(cluster, f"logs shop {word}").stdout == "worker.abcde | one\n"
