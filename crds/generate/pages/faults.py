"""The faults that are tested, from their table, and what was seen."""

import json

from crds.generate.pages import parts
from hack.cluster import paths
from tests.faults.table import FAULTS

SOURCE = "tests/faults/table.py and tests/faults/seen.json"
SEEN = paths.ROOT / "tests" / "faults" / "seen.json"


def table() -> str:
    """Return a row for each fault; raise `KeyError` if it was never seen."""
    seen = json.loads(SEEN.read_text(encoding="utf-8"))
    rows = [
        [each.name, str(seen[each.name]["requests"]), f"{seen[each.name]['seconds']:.1f}"] for each in FAULTS
    ]
    return parts.table(["fault", "requests", "seconds"], rows)
