"""Two kinds of plots as SVG, which every browser and code host shows: bars to compare, lines over time."""

import dataclasses
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

COLOURS = ("#2f6f9f", "#d9822b", "#5b8c3e", "#8a5aa8", "#777777")
"""One for each series, distinct in grey as well."""
WIDTH = 640
LEFT, RIGHT, TOP, LINE = 150, 70, 62, 22
HEIGHT = 260
"""Of the part of a plot of lines that the lines are in."""
FONT = 'font-family="sans-serif" font-size="12"'

Points = Sequence[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Words:
    """What a plot says: its title, and below that when and where it was measured."""

    title: str
    note: str


def bars(words: Words, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Return groups of bars, each bar named after its series; bars of a group share a scale from zero."""
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    parts, y = legend(series), TOP
    for title, group in groups.items():
        most = max(group.values()) or 1
        parts.append(text(LEFT - 8, y + LINE / 2 + 4, title, "end"))
        for name, value in group.items():
            width = (WIDTH - LEFT - RIGHT) * value / most
            colour = COLOURS[series.index(name) % len(COLOURS)]
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{LINE - 6}" fill="{colour}"/>'
            )
            parts.append(text(LEFT + width + 6, y + LINE / 2 + 2, readable(value)))
            y += LINE
        y += LINE // 2
    return page(words, y, parts)


def lines(words: Words, axes: tuple[str, str], series: Mapping[str, Points]) -> str:
    """Return lines over a common axis; both axes begin at zero."""
    right = max(x for points in series.values() for x, _ in points) or 1
    highest = max(y for points in series.values() for _, y in points) or 1
    bottom, width = TOP + HEIGHT, WIDTH - LEFT / 2 - RIGHT

    def place(x: float, y: float) -> str:
        return f"{LEFT / 2 + width * x / right:.1f},{bottom - HEIGHT * y / highest:.1f}"

    parts = legend(list(series))
    for step in range(5):
        value = highest * step / 4
        y = bottom - HEIGHT * step / 4
        parts.append(
            f'<line x1="{LEFT / 2}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#dddddd"/>'
            + text(LEFT / 2 - 6, y + 4, readable(value), "end")
        )
    for colour, points in zip(COLOURS, series.values(), strict=False):
        path = " ".join(place(x, y) for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts.append(text(WIDTH - RIGHT, bottom + 18, f"{axes[0]}, up to {readable(right)}", "end"))
    parts.append(text(LEFT / 2, bottom + 18, axes[1]))
    return page(words, bottom + 30, parts)


def legend(series: Sequence[str]) -> list[str]:
    """Return the names of the series, each in its colour."""
    step = (WIDTH - 20) / max(len(series), 1)
    return [
        text(10 + step * place, TOP - 12, f"■ {name}", colour=colour)
        for place, (name, colour) in enumerate(zip(series, COLOURS, strict=False))
    ]


def text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#222222") -> str:
    """Return a text at a place."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place} {FONT}>{escape(words)}</text>"


def readable(value: float) -> str:
    """Return a figure with as many digits as mean anything."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def page(words: Words, height: float, parts: Sequence[str]) -> str:
    """Return the whole picture, on white: it is shown on dark pages, too."""
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="10" y="18" font-family="sans-serif" font-size="15">{escape(words.title)}</text>',
        text(10, 34, words.note, colour="#666666"),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])
