"""The figures of a run as a table: a column for each subject, then how the first compares with the others."""

from tests.bench.report.figures import TITLES, Run

WIDTH = max(map(len, TITLES.values()))


def table(run: Run) -> str:
    """Return the table as text."""
    subjects = list(run.rounds)
    first, *others = subjects
    head = [*subjects, *(f"{first}/{other}" for other in others)]
    lines = [" " * WIDTH + cells(head)]
    for figure, title in TITLES.items():
        values = [run.middle(subject, figure) for subject in subjects]
        if any(value is not None for value in values):
            ratios = [run.ratio(first, other, figure) for other in others]
            texts = [*map(number, values), *("" if each is None else f"{each:.2f}" for each in ratios)]
            lines.append(title.ljust(WIDTH) + cells(texts))
    return "\n".join(lines)


def cells(texts: list[str]) -> str:
    """Return the cells of a line."""
    return "".join(f"  {text:>12}" for text in texts)


def number(value: float | None) -> str:
    """Return a figure with as many digits as mean anything."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
