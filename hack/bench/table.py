"""The figures of a run as a table: a column for each subject, then how the first compares with the others."""

import statistics

from hack.bench.measures import Figures

WIDTH = 32
Rounds = dict[str, list[Figures]]
"""For each subject, its figures of each round."""


def table(rounds: Rounds) -> str:
    """Return the table as text."""
    first, *others = rounds
    head = [*rounds, *(f"{first}/{other}" for other in others)]
    lines = [" " * WIDTH + cells(head)]
    for figure in dict.fromkeys(name for each in rounds.values() for figures in each for name in figures):
        values = [middle([each[figure] for each in rounds[name] if figure in each]) for name in rounds]
        ratios = [ratio(rounds[first], rounds[other], figure) for other in others]
        lines.append(figure.ljust(WIDTH) + cells([*map(number, values), *map(number, ratios)]))
    return "\n".join(lines)


def ratio(ours: list[Figures], theirs: list[Figures], figure: str) -> float | None:
    """Return the median over the rounds of how one compares with another in the same round."""
    pairs = zip(ours, theirs, strict=False)
    return middle(
        [one[figure] / other[figure] for one, other in pairs if figure in one and other.get(figure)]
    )


def middle(values: list[float]) -> float | None:
    """Return the median; none of nothing."""
    return statistics.median(values) if values else None


def cells(texts: list[str]) -> str:
    """Return the cells of a line."""
    return "".join(f"  {text:>12}" for text in texts)


def number(value: float | None) -> str:
    """Return a figure with as many digits as mean anything."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
