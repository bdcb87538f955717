"""`scale` asks about a count that may be a slip, and nothing is written before the answer."""

import json

import pytest
from click.testing import Result

from formation_cli import failures
from formation_cli.changes import counts
from formation_cli.cluster import kinds
from formation_cli.words.counts import Bounds
from tests.shared import builders
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

COUNTS = {"web": 2, "worker": 20, "clock": 0}


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    types = {name: builders.a_process(replicas=count) for name, count in COUNTS.items()}
    types["open"] = builders.a_process()
    types["auto"] = builders.a_process(replicas=9, autoscaling={"minReplicas": 2, "maxReplicas": 10})
    formation = builders.stored(builders.a_formation(processes=types))
    formation["status"] = {
        "processes": {
            "open": {"desiredReplicas": 3},
            "auto": {"desiredReplicas": 6, "replicasManagedBy": "HorizontalPodAutoscaler/shop-auto"},
        }
    }
    return FakeCluster(Formation=[formation])


def scale(words: str, code: int = 0, answer: str = "") -> Result:
    return run(f"scale shop {words}", code, answer)


SLIPS = ["web=1000000", "web+1000", "clock=51", "clock+51", "open=51", "worker=201", "web=2 worker=20000"]
SLIPS += ["auto=2..101", "auto=51..100", "web=1..51"]


@pytest.mark.parametrize("words", SLIPS)
def test_a_count_far_above_the_present_one_needs_yes_where_nobody_can_be_asked(
    cluster: FakeCluster, words: str
) -> None:
    result = scale(words, failures.MISTYPED)
    assert "more than 10 times as many. Nothing was changed.\nIf you mean it, add --yes." in result.stderr
    assert cluster.dry_runs == []
    scale(f"{words} --yes")
    assert cluster.dry_runs == [False]


@pytest.mark.parametrize("words", ["web=50", "clock=50", "clock+50", "worker=200", "open=50", "auto=50..100"])
def test_a_count_up_to_fifty_or_ten_times_as_many_is_set_at_once(cluster: FakeCluster, words: str) -> None:
    scale(words)
    assert cluster.dry_runs == [False]


def test_all_that_may_be_slips_are_named_and_the_others_are_not() -> None:
    assert "Error: web: 2 -> 99; clock: 0 -> 60: that is" in scale("web=99 worker=30 clock=60", 2).stderr


def test_a_dry_run_asks_nothing(cluster: FakeCluster) -> None:
    assert scale("web=1000 --dry-run").stdout == "web: 2 -> 1000 (dry run)\n"


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whatever takes the place of stdin be a terminal."""
    monkeypatch.setattr("formation_cli.commands.asking.is_terminal", lambda: True)


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize(
    ("answer", "code", "written"),
    [("y\n", 0, [False]), ("n\n", failures.INTERRUPTED, []), ("\n", failures.INTERRUPTED, [])],
)
def test_at_a_terminal_it_asks_and_writes_only_after_a_yes(
    cluster: FakeCluster, answer: str, code: int, written: list[bool]
) -> None:
    result = scale("web=1000", code, answer)
    assert "web: 2 -> 1000: that is more than 10 times as many. Do you mean it? [y/N]" in result.stderr
    assert cluster.dry_runs == written


@pytest.mark.usefixtures("at_a_terminal")
def test_one_answer_is_enough_though_somebody_changes_the_formation_meanwhile(cluster: FakeCluster) -> None:
    cluster.conflicts = 2
    assert scale("web=1000", answer="y\n").stderr.count("Do you mean it?") == 1


def test_counts_and_bounds_are_a_line_and_of_the_others_it_is_said_who_sets_them() -> None:
    result = scale("")
    assert result.stdout == "auto=2..10 clock=0 web=2 worker=20\n"
    assert result.stderr.splitlines() == [
        "auto: 6, set by HorizontalPodAutoscaler/shop-auto",
        "open: 3, set by anyone who scales its Deployment",
    ]
    quantities = {each["type"]: each["quantity"] for each in json.loads(scale("-o json").stdout)}
    assert quantities == {**COUNTS, "open": 3, "auto": 6}


def test_bounds_that_follow_the_cpu_where_no_metrics_are_served_are_warned_of(cluster: FakeCluster) -> None:
    assert "metrics" not in scale("web=2..4").stderr
    cluster.forbidden = (kinds.POD_METRICS,)
    assert "metrics" not in scale("web=2..5").stderr
    cluster.failing = {kinds.POD_METRICS: failures.NotFound("This cluster doesn't know the kind PodMetrics.")}
    assert "The cluster serves no metrics of Pods now" in scale("web=2..6").stderr
    assert "metrics" not in scale("worker=3").stderr


def test_bounds_that_follow_something_else_need_no_metrics_of_pods() -> None:
    queue = {"type": "External", "external": {"metric": {"name": "jobs"}}}
    types = {"worker": builders.a_process(autoscaling={"maxReplicas": 4, "metrics": [queue]})}
    formation = builders.a_formation(processes=types)
    changed = [counts.Change("worker", 1, Bounds(1, 4), declared=True)]
    assert not counts.needs_metrics(formation, changed)
    types["worker"]["autoscaling"]["metrics"].append({"type": "Resource"})
    assert counts.needs_metrics(builders.a_formation(processes=types), changed)
