"""When a command stops waiting, and what it says then."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from formation_cli import failures
from formation_cli.cluster import follow, kinds
from formation_cli.cluster.port import Listed
from formation_cli.commands import waiting
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ended
from tests.unit.cli.deployments import rolled_out
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import on

NEVER = 60.0
RUNNING = {"state": "Running", "desiredReplicas": 1}
CRASHING = {"state": "Crashing", "reason": "Exited", "message": "exited with code 3", "desiredReplicas": 1}


def shop(*, seen: int = 2, types: dict[str, Any] | None = None, **conditions: str) -> Any:
    listed = [{"type": type_, "status": "True", "message": message} for type_, message in conditions.items()]
    managed = [{"manager": "formation-cli", "operation": "Update", "time": builders.ago(60)}]
    status = {"observedGeneration": seen, "conditions": listed, "processes": types or {}}
    declared = {name: builders.a_process(replicas=1) for name in types or ()}
    formation = builders.a_formation(processes=declared)
    return {**builders.stored(formation, generation=2, managedFields=managed), "status": status}


def test_it_ends_when_the_formation_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    ready = shop(Ready="all process types run as declared")
    waiting.wait(FakeCluster(Formation=[ready]), ready, NEVER)
    assert capsys.readouterr().err.splitlines()[-1] == "shop: all process types run as declared"


def test_whoever_waits_no_longer_is_told_that_the_change_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> Iterator[list[Any]]:
        raise KeyboardInterrupt
        yield []

    monkeypatch.setattr(follow, "snapshots", interrupted)
    with pytest.raises(KeyboardInterrupt):
        waiting.wait(FakeCluster(), shop(), NEVER)
    assert "The change is made, and continues: `kubectl formation ps shop`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("types", "code"), [((), failures.TIMED_OUT), (("worker",), failures.TIMED_OUT), (("web",), 0)]
)
def test_it_ends_when_the_old_processes_have_ended_if_that_is_waited_for(
    types: tuple[str, ...], code: int
) -> None:
    ready = shop(types={"web": RUNNING, "worker": RUNNING}, Ready="all process types run as declared")
    cluster = FakeCluster(Formation=[ready], Pod=[a_pod(deletionTimestamp=builders.ago(1))])
    waiting.wait(cluster, ready, NEVER, types)
    if code:
        with pytest.raises(
            failures.TimedOut, match="shop isn't ready: worker: an old process hasn't ended yet"
        ):
            waiting.wait(cluster, ready, 0.5, types, until_ended=True)
        cluster.objects["Pod"] = []
    waiting.wait(cluster, ready, NEVER, types, until_ended=True)


def test_when_the_time_is_over_only_what_was_waited_for_is_said() -> None:
    formation = shop(types={"web": RUNNING, "worker": CRASHING})
    worker = rolled_out(availableReplicas=0)
    worker["metadata"]["managedFields"] = formation["metadata"]["managedFields"]
    cluster = FakeCluster(Formation=[formation], Pod=[], **{kinds.DEPLOYMENT: [worker]})
    stderr = on(cluster, "restart shop worker --wait --timeout 1s", failures.TIMED_OUT).stderr
    assert "1 s are over. shop isn't ready: worker: exited with code 3\n" in stderr


def test_a_one_off_process_that_fails_says_nothing_about_the_formation() -> None:
    failed = a_container(ended(1), "run")
    labels = {"formations.dev/run": "run"}
    one_off = a_pod(failed, name="shop-run-1", labels=labels, creationTimestamp=builders.ago(30))
    with pytest.raises(failures.TimedOut):
        waiting.wait(FakeCluster(Formation=[shop()], Pod=[one_off]), shop(), 0.1)


def test_it_ends_in_time_and_asks_for_the_operator_where_nobody_answers() -> None:
    with pytest.raises(failures.TimedOut, match="0 s are over") as ended_with:
        waiting.wait(FakeCluster(Formation=[shop(seen=1)]), shop(seen=1), 0.1)
    assert "Check that the operator runs" in ended_with.value.hint


class FarAway(FakeCluster):
    """Answers about Formations by a connection that it has, and about all else by one that it makes first."""

    def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        if kind != naming.KIND:
            time.sleep(2 * follow.SETTLING)
        return super().select(kind, labels=labels, fields=fields)


def test_a_rollout_is_not_over_before_its_deployment_was_seen() -> None:
    ready = shop(Ready="all process types run as declared")
    rolling = rolled_out()
    rolling["metadata"]["generation"] = 2
    cluster = FarAway(Formation=[ready], **{kinds.DEPLOYMENT: [rolling]})
    with pytest.raises(failures.TimedOut):
        waiting.wait(cluster, ready, 0.1, ["worker"], restarted=[rolling])


def test_what_is_stopped_is_not_at_its_end_before_its_processes_were_seen() -> None:
    ready = shop(Ready="stopped")
    with pytest.raises(failures.TimedOut):
        waiting.wait(FarAway(Formation=[ready], Pod=[a_pod()]), ready, 0.1, stopped=True)


def test_it_ends_when_the_formation_was_deleted_before_it_was_seen() -> None:
    with pytest.raises(failures.NotFound, match="deleted in the meantime"):
        waiting.wait(FakeCluster(), shop(), NEVER)
