"""What a run of a suite is told of in the end, read from pytest's reports."""

import contextlib
import pathlib
from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree

from hack.scripts.stages import Outcome

SLOWEST = 20
NAMED = 5
"""Failed tests of a stage that are named."""
OUTCOMES = ("failures", "errors", "skipped")


def suites(reports: Iterable[pathlib.Path]) -> list[ElementTree.Element]:
    """Return what was reported, empty where a command wrote no report, or was cut short while it did."""
    found: list[ElementTree.Element] = []
    for file in reports:
        with contextlib.suppress(FileNotFoundError, ElementTree.ParseError):
            found += ElementTree.parse(file).iter("testsuite")
    return found


def times(outcomes: Iterable[Outcome], reported: list[ElementTree.Element]) -> list[str]:
    """Return a line for each stage, and for each of the slowest tests, in seconds."""
    cases = [case for suite in reported for case in suite.iter("testcase")]
    cases.sort(key=lambda case: -seconds(case))
    return [
        "stages:",
        *(f"{outcome.seconds:6.0f} s  {outcome.stage.name}" for outcome in outcomes),
        f"the {SLOWEST} slowest tests:",
        *(f"{seconds(case):6.0f} s  {case.get('file')}::{case.get('name')}" for case in cases[:SLOWEST]),
    ]


def seconds(case: ElementTree.Element) -> float:
    """Return how long a test took, with its fixtures."""
    return float(case.get("time", 0))


def passed(reported: list[ElementTree.Element]) -> int:
    """Return how many tests passed."""
    return count("tests", reported) - sum(count(name, reported) for name in OUTCOMES)


def count(name: str, reported: list[ElementTree.Element]) -> int:
    """Return how many tests had an outcome."""
    return sum(int(suite.get(name, 0)) for suite in reported)


def counted(reported: list[ElementTree.Element]) -> str:
    """Return how many tests passed, and how many did anything else."""
    counts = {name: count(name, reported) for name in OUTCOMES}
    others = [f"{number} {name}" for name, number in counts.items() if number]
    return ", ".join([f"{passed(reported)} passed", *others])


def failed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return what failed in each stage that didn't go well: tests, or else how its command ended."""
    return [f"{outcome.stage.name} ({what_failed(outcome)})" for outcome in outcomes if not outcome.is_fine]


def what_failed(outcome: Outcome) -> str:
    """Return the tests of a stage that failed, the first by name, or else why nothing is known of tests."""
    if outcome.code is None:
        return "not run"
    cases = [case for suite in suites([outcome.report]) for case in suite.iter("testcase")]
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    tests = list(dict.fromkeys(f"{case.get('file')}::{case.get('name')}" for case in bad))
    more = [f"{len(tests) - NAMED} more"] if len(tests) > NAMED else []
    return ", ".join([*tests[:NAMED], *more]) or f"exit code {outcome.code}"


def not_run(reported: list[ElementTree.Element]) -> dict[str, int]:
    """Return why tests couldn't run, and how many for each reason; one that is expected to fail has run."""
    skipped = [each for suite in reported for each in suite.iter("skipped")]
    reasons = Counter(each.get("message", "") for each in skipped if each.get("type") != "pytest.xfail")
    return dict(reasons.most_common())
