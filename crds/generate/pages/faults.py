"""The faults that are tested, from their table, and what was seen of them and of the soak."""

import json
import statistics
from typing import Any

from crds.generate.pages import parts
from hack.cluster import paths
from tests.faults.table import FAULTS

SOURCE = "tests/faults/table.py and tests/faults/seen.json"
SHORT = "the figures below"
SOAK = "tests/soak/seen.json"


def seen(file: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a file."""
    rows: dict[str, dict[str, Any]] = json.loads((paths.ROOT / file).read_text(encoding="utf-8"))
    return rows


def rows() -> list[dict[str, Any]]:
    """Return what was seen of each fault; raise `KeyError` if it was never seen."""
    of_faults = seen("tests/faults/seen.json")
    return [{"fault": each.name, **of_faults[each.name]} for each in FAULTS]


def table() -> str:
    """Return when that was, and a row for each fault."""
    head = ["fault", "requests", "seconds"]
    lines = [[str(row[column]) for column in head] for row in rows()]
    return f"{parts.when_and_where(rows())}.\n\n{parts.table(head, lines)}"


def short() -> str:
    """Return what comes first on the page."""
    took = [row["seconds"] for row in rows()]
    of_soak = seen(SOAK)["soak"]
    return f"""\
- **No fault between the operator, the API server and etcd lost a user's change**, made anything twice, or
  changed a Pod template. After the end of a fault, everything was as declared within
  {max(took):.0f} s, mostly within {statistics.median(took):.1f} s.
- **{of_soak["minutes"]:g} minutes of random faults and edits ended well**: {of_soak["faults"]:,} faults,
  {of_soak["edits"]:,} edits."""


def soak() -> str:
    """Return what the last soak saw."""
    row = seen(SOAK)["soak"]
    figures = {name: value for name, value in row.items() if name not in ("date", "machine")}
    lines = [[name, f"{value:,g}"] for name, value in figures.items()]
    return f"{parts.when_and_where([row])}.\n\n{parts.table(['what', 'seen'], lines)}"
