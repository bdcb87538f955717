"""Texts that a pattern reads slowly if it reads any slowly, and how much longer it takes for longer ones.

A backtracking matcher is slow where a text can be read in many ways and fits in none of them.  Such a text
repeats what the pattern repeats, between what leads there and what doesn't fit.
"""

import dataclasses
import gc
import importlib
import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tests.unit import cost

# Python's own reading of a pattern; a library that shows it isn't known to us.
parser = importlib.import_module("re._parser")

SIZES = tuple(16 * cost.TIMES**step for step in range(5))
"""Characters. What is slow beyond measure is so in short texts already."""
NOTHING = 1e-4
"""Seconds: what takes no longer is too short to be compared."""
MOST = 2000
"""Texts for a pattern."""
ENDS = ("", "\0", "\n\0")
Read = Callable[[str], object]
OTHERS = "x1 -/!\n"
"""Of these one is in any class that excludes some."""
CATEGORIES = {"DIGIT": "1", "SPACE": " ", "WORD": "a", "NOT_DIGIT": "x", "NOT_SPACE": "x", "NOT_WORD": "-"}


@dataclasses.dataclass(frozen=True)
class Text:
    """What comes first, what is repeated, and what comes last."""

    first: str
    again: str
    last: str

    def of(self, size: int) -> str:
        """Return a text of about so many characters."""
        return self.first + self.again * (size // len(self.again)) + self.last


def slow(read: Read, texts: Iterable[Text]) -> Text | None:
    """Return a text that takes longer in more than proportion to its size, if there is one."""
    return next((text for text in texts if any(_steep(read, text, size) for size in SIZES)), None)


def _steep(read: Read, text: Text, size: int) -> bool:
    """Tell whether a text takes so much longer than one that is shorter."""
    short, long = text.of(size // cost.TIMES), text.of(size)
    return seconds(read, long) > NOTHING and cost.ratio(read, short, long, seconds) > cost.MOST


def seconds(read: Read, text: str) -> float:
    """Return the processor time that reading a text takes."""
    gc.disable()  # what else is in memory has no part in this
    try:
        began = time.thread_time()
        read(text)
        return time.thread_time() - began
    finally:
        gc.enable()


def texts(pattern: str, flags: int = 0) -> list[Text]:
    """Return texts that are hard to read for a pattern, as far as it shows them."""
    steps = words(parser.parse(pattern, flags))
    found = sorted(parts(steps))
    letters = sorted({letter for part in found for letter in part} | {"\0"})
    pairs = ["".join(pair) for pair in itertools.product(letters, repeat=2)]
    first = sorted({"", *beginnings(steps)})
    return [*drawn(first, [*letters, *found], MOST), *drawn(first, pairs, MOST // 4)]


def drawn(first: Sequence[str], again: Sequence[str], most: int) -> Iterator[Text]:
    """Yield all texts that can be made so, or some of them, always the same."""
    number = len(first) * len(again) * len(ENDS)
    lot = random.Random(0)
    for each in range(number) if number <= most else lot.sample(range(number), most):
        rest, last = divmod(each, len(ENDS))
        yield Text(first[rest % len(first)], again[rest // len(first)], ENDS[last])


# A pattern as a list of steps: each with the texts that it may begin with, and the steps inside it


@dataclasses.dataclass(frozen=True)
class Step:
    """One part of a pattern."""

    samples: tuple[str, ...]
    inside: tuple[tuple["Step", ...], ...] = ()
    repeats: bool = False


def words(tree: Iterable[tuple[Any, Any]]) -> tuple[Step, ...]:
    """Return the steps of a pattern; letters that follow each other are one."""
    steps: list[Step] = []
    for literal, group in itertools.groupby(tree, key=lambda node: str(node[0]) == "LITERAL"):
        nodes = list(group)
        steps += [Step(("".join(chr(code) for _, code in nodes),))] if literal else map(step, nodes)
    return tuple(steps)


def step(node: tuple[Any, Any]) -> Step:
    """Return one part of a pattern that isn't a letter."""
    kind, content = str(node[0]), node[1]
    if kind.endswith("_REPEAT"):
        least, _, repeated = content
        inner = of_several([words(repeated)])
        return dataclasses.replace(inner, samples=(*inner.samples, *([] if least else [""])), repeats=True)
    match kind:
        case "BRANCH":
            return of_several([words(way) for way in content[1]])
        case "SUBPATTERN":
            return of_several([words(content[3])])
        case "IN":
            return Step(tuple(dict.fromkeys(members(content))))
        case "NOT_LITERAL":
            return Step(tuple(members([("NEGATE", None), ("LITERAL", content)])))
    return Step(("x" if kind == "ANY" else "",))  # what is no letter is a place, such as the end


def of_several(ways: Sequence[tuple[Step, ...]]) -> Step:
    """Return the step that may be taken in several ways."""
    return Step(tuple(dict.fromkeys(text for way in ways for text in samples(way))), tuple(ways))


def members(content: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield some members of a class of letters."""
    first, *rest = items = [(str(kind), value) for kind, value in content]
    if first[0] == "NEGATE":
        excluded = {letter for kind, value in rest for letter in member(kind, value)}
        yield next(other for other in OTHERS if other not in excluded)
        return
    for kind, value in items:
        yield from member(kind, value)


def member(kind: str, value: Any) -> str:
    """Return one or two letters of a part of a class."""
    if kind == "CATEGORY":
        return CATEGORIES[str(value).removeprefix("CATEGORY_")]
    return chr(value) if kind == "LITERAL" else "".join(map(chr, value))


def samples(steps: Sequence[Step]) -> list[str]:
    """Return a few texts that fit some steps, so that each sample of each step is in one of them."""
    most = max((len(each.samples) for each in steps), default=1)
    return ["".join(each.samples[turn % len(each.samples)] for each in steps) for turn in range(most)]


def parts(steps: Sequence[Step]) -> set[str]:
    """Return texts that fit steps in a row, at any depth, or steps and the beginning of what the next has."""
    found = {text for row in rows(steps) for text in samples(row)[:4]}
    for place, each in enumerate(steps):
        for way in each.inside:
            found |= parts(way)
            into = [(*steps[start:place], *way[:end]) for start in range(place) for end in range(1, len(way))]
            found |= {text for row in into for text in samples(row)[:4]}
    return found - {""}


def rows(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Yield all steps that follow each other."""
    for start, end in itertools.combinations(range(len(steps) + 1), 2):
        yield steps[start:end]


def beginnings(steps: Sequence[Step], before: str = "") -> Iterator[str]:
    """Yield what may come before anything that is repeated."""
    for place, each in enumerate(steps):
        for text in samples(steps[:place])[:2]:
            if each.repeats:
                yield before + text
            for way in each.inside:
                yield from beginnings(way, before + text)
