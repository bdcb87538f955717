"""The dashboard's panels as one picture, drawn from what a real Prometheus answered."""

from tests.bench.report import svg

Panel = dict[str, svg.Points]
"""The series of a panel, by their labels."""

ACROSS, SCALE = 3, 0.62
WIDE, HIGH = svg.WIDTH * SCALE, (svg.TOP + svg.HEIGHT + 40) * SCALE
MOST = len(svg.COLOURS)


def of(panels: dict[str, Panel]) -> str:
    """Return all panels, by their titles, beside and below each other."""
    placed = []
    for place, (title, panel) in enumerate(panels.items()):
        down, across = divmod(place, ACROSS)
        where = f"translate({WIDE * across:.0f} {HIGH * down:.0f}) scale({SCALE})"
        placed.append(f'<g transform="{where}">{drawn(title, panel)}</g>')
    size = f'width="{WIDE * ACROSS:.0f}" height="{HIGH * -(-len(panels) // ACROSS):.0f}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *placed, "</svg>", ""])


def drawn(title: str, panel: Panel) -> str:
    """Return one panel, with as many series as there are colours: the highest."""
    highest = sorted(panel, key=lambda name: -max(value for _, value in panel[name]))[:MOST]
    note = "" if len(panel) <= MOST else f"the {MOST} highest of {len(panel)}"
    return svg.lines(svg.Words(title, note), ("seconds", ""), {name: panel[name] for name in highest})
