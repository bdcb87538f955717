"""What scaling in did to workers, from the file that the test writes."""

import json

from crds.generate.pages import parts
from hack.cluster import paths

SOURCE = "tests/systems/seen.json"
WAYS = {
    "own-choice": "Kubernetes' own choice",
    "marks-itself": "the worker marks itself",
    "sidecar": "a sidecar marks it",
    "readiness": "idle workers aren't ready",
}
FIGURES = ("ended", "interrupted", "lost")


def table() -> str:
    """Return a row for each way: by each that scaled in, and of all together."""
    rows = json.loads((paths.ROOT / SOURCE).read_text(encoding="utf-8"))
    times = {row["by"]: row["scale-ins"] for row in rows}
    head = ["ended / interrupted / lost", *(f"{by}, {count} times" for by, count in times.items())]
    lines = []
    for way, words in WAYS.items():
        of_way = {row["by"]: [row[figure] for figure in FIGURES] for row in rows if row["way"] == way}
        figures = [*(of_way[by] for by in times), [sum(each) for each in zip(*of_way.values(), strict=True)]]
        lines.append([words, *(" / ".join(map(str, each)) for each in figures)])
    return parts.table([*head, f"all {sum(times.values())}"], lines)
