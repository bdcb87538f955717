"""A deploy on a time axis: what runs in each step, and where the deploy may stop."""

from typing import NamedTuple

from crds.generate.pictures.canvas import LINE, SMALL, WIDTH, Picture
from formation_operator.api.reasons import Reason, Trouble

LEFT, LANES = 30, 236
LANE, BAR = 19, 12
PROCESSES = 3
TOP = 58


class Step(NamedTuple):
    """A part of a deploy, from the top to the bottom."""

    name: str
    says: tuple[str, ...]
    stops: tuple[str, ...] = ()
    """The reason of a deploy that stops here, and what runs then."""


STEPS = (
    Step("You deploy v2", ("a new image, for example",)),
    Step(
        "Release command",
        ("a Job runs it with v2,", "before any process changes"),
        (f"{Trouble.RELEASE_FAILED}: v1 runs, unchanged",),
    ),
    Step(
        "Canary",
        ("one process of each type that", "changes has to stay ready"),
        (f"{Trouble.CANARY_FAILED}: v1 runs, unchanged",),
    ),
    Step(
        "Rollout",
        ("a new process starts, and once", "it is ready, an old one ends"),
        (
            f"{Reason.IMAGE_PULL_FAILED}, {Reason.EXITED}, ...:",
            "the old ones that are left run,",
            "and all new ones that are ready",
        ),
    ),
    Step("Ready", ("all processes are v2,", "and Ready is True")),
)
DESC = (
    "Time runs from top to bottom. Three processes of v1 run during the release command and during "
    "the canary. In the rollout a new process of v2 starts, and then an old one ends, three times. "
)


def picture() -> Picture:
    """Draw the steps, and a lane for each process beside them."""
    stops = [f"In the step {step.name} it may stop: {' '.join(step.stops)}." for step in STEPS if step.stops]
    drawn = Picture("deploy", "A deploy on a time axis", DESC + " ".join(stops))
    tops: list[float] = [TOP]
    for step in STEPS:
        tops.append(tops[-1] + 32 + LINE * (len(step.says) + len(step.stops)) + (4 if step.stops else 0))
    drawn.words((LEFT, 24), "A deploy of the type web", "ink strong")
    drawn.words((LEFT, 44), "time", "dim", size=SMALL)
    for number, step in enumerate(STEPS):
        _step(drawn, step, tops[number], tops[number + 1] - 6)
    drawn.arrow((14, TOP), (14, tops[-1] - 4))
    _lanes(drawn, tops)
    return drawn.end(_legend(drawn, tops[-1] + 12))


def _step(drawn: Picture, step: Step, top: float, bottom: float) -> None:
    drawn.box((24, top), (WIDTH - 36, bottom - top), "band")
    drawn.words((LEFT, top + 18), step.name, "ink strong")
    y = drawn.lines((LEFT, top + 18 + LINE), step.says)
    if step.stops:
        drawn.lines((LEFT, y + 4), step.stops, "stop")


def _lanes(drawn: Picture, tops: list[float]) -> None:
    """Draw what runs: the old processes, the Job and the canary, and the new processes."""
    (deployed, release, canary, rollout, ready, end) = tops
    pace = (ready - rollout - 6) / (PROCESSES + 1)
    for number in range(PROCESSES):
        starts = rollout + 4 + pace * number
        _bar(drawn, number, deployed + 4, starts + pace, "old")
        _bar(drawn, PROCESSES + 1 + number, starts, end - 10, "new")
    _bar(drawn, PROCESSES, release + 8, canary - 12, "job")
    _bar(drawn, PROCESSES, canary + 8, rollout + pace, "new")
    for lane, words, colour in ((1, "v1", "old"), (PROCESSES + 2, "v2", "new")):
        drawn.words((LANES + LANE * lane + BAR / 2, 44), words, f"{colour} strong", centred=True)


def _bar(drawn: Picture, lane: int, top: float, bottom: float, colour: str) -> None:
    drawn.box((LANES + LANE * lane, top), (BAR, bottom - top), colour)


def _legend(drawn: Picture, top: float) -> float:
    """Say what the colours are, and return where the picture ends."""
    for x, colour, words in (
        (LEFT, "old", "process of v1"),
        (LEFT + 118, "new", "process of v2"),
        (LEFT + 236, "job", "release Job"),
    ):
        drawn.box((x, top), (12, 12), colour)
        drawn.words((x + 18, top + 10), words, "dim", size=SMALL)
    drawn.words((LEFT, top + 32), "red: where the deploy may stop, and what runs then", "stop", size=SMALL)
    drawn.words((LEFT, top + 48), "A release happens only if you declare it.", "dim", size=SMALL)
    return top + 60
