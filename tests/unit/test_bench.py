"""What the benchmark makes of what it has measured."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from tests.bench import measures, pods, usage
from tests.bench.api import Object
from tests.bench.report import figures, svg
from tests.bench.report.figures import Run
from tests.bench.report.table import table


def a_run() -> Run:
    run = Run()
    for ours, theirs in ((100.0, 50.0), (30.0, 60.0), (40.0, 40.0)):
        run.add("operator", {"scale.p50_ms": ours})
        run.add("go", {"scale.p50_ms": theirs, "converge.cpu_ms": 4.0})
    return run


def test_a_ratio_compares_what_was_measured_in_the_same_round() -> None:
    run = a_run()
    assert run.middle("operator", "scale.p50_ms") == 40.0
    assert run.ratio("operator", "go", "scale.p50_ms") == 1.0  # of 2.0, 0.5 and 1.0
    assert run.ratio("operator", "go", "converge.cpu_ms") is None


def test_the_table_has_a_line_for_each_figure_that_somebody_has() -> None:
    head, *lines = table(a_run()).splitlines()
    assert head.split() == ["operator", "go", "operator/go"]
    assert [line.split()[-1] for line in lines] == ["4.00", "1.00"]


def test_percentiles_are_of_the_latencies_in_milliseconds() -> None:
    found = measures.percentiles("scale", [number / 1000 for number in range(101)])
    assert found == {"scale.p50_ms": 50.0, "scale.p90_ms": 90.0, "scale.p99_ms": 99.0}


def test_writes_are_counted_by_resource_and_reads_apart() -> None:
    counted = Counter(
        {("APPLY", "deployments"): 3, ("APPLY", "formations/status"): 1, ("GET", "deployments"): 2}
    )
    assert usage.writes(counted) == 4
    assert usage.writes(counted, "deployments") == 3
    assert usage.reads(counted) == 2


def a_reported(ready: int, *, complete: bool) -> Object:
    status = {"processes": {"web": {"desiredReplicas": 2, "readyReplicas": ready}}}
    conditions = [{"type": "Ready", "status": str(complete)}]
    return {"metadata": {"namespace": "a", "name": "shop"}, "status": {**status, "conditions": conditions}}


@pytest.mark.parametrize(
    ("formation", "right"),
    [
        (a_reported(2, complete=True), True),
        (a_reported(1, complete=False), False),
        (a_reported(2, complete=False), False),
    ],
)
def test_a_status_is_wrong_that_says_something_else_than_the_deployments(
    formation: Object, right: bool
) -> None:
    assert pods.is_right(formation, {"a/shop-web": 2}) is right


def test_plots_are_pictures_with_each_series() -> None:
    words = svg.Words("Memory & more", "2 cores")
    for picture in (
        svg.bars(words, {"p50 ms": {"operator": 20.0, "go": 0.0}, "p99 ms": {"go": 45.5}}),
        svg.lines(words, ("changes", "MiB"), {"operator": [(0, 100), (10, 101)], "go": [(0, 90), (10, 140)]}),
    ):
        texts = "".join(ET.fromstring(picture).itertext())
        assert all(word in texts for word in ("Memory & more", "2 cores", "operator", "go"))


def test_every_figure_of_the_table_has_a_title_of_its_own() -> None:
    groups: dict[str, list[str]] = {}
    for name, title in figures.TITLES.items():
        groups.setdefault(name.partition(".")[0], []).append(title)
    for titles in groups.values():
        assert len(set(titles)) == len(titles)
        assert [title.startswith("  ") for title in titles] == [False, *[True] * (len(titles) - 1)]
