"""What was measured, as pages show it: a run with `SEEN=1` writes it, and the day and the machine with it."""

import datetime
import json
import os
import pathlib
import platform
from typing import Any

WANTED = bool(os.environ.get("SEEN"))


def machine() -> str:
    """Return the kind of machine that this is."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {gib:.0f} GiB, {platform.system()} {platform.machine()}"


def stamp() -> dict[str, str]:
    """Return when and where something was measured."""
    return {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "machine": machine()}


def keep(file: pathlib.Path, row: str, figures: dict[str, Any]) -> None:
    """Write the figures of a row, in place of those before, if this run is to renew them."""
    if WANTED:
        rows = json.loads(file.read_text()) | {row: {**figures, **stamp()}}
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(each)}" for name, each in rows.items())
        file.write_text(f"{{\n{lines}\n}}\n")
