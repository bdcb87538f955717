"""What is generated for administrators and contributors: parts of pages, and alerts in a second form."""

import functools
import pathlib
from collections.abc import Callable

from crds.generate.pages import (
    alerts,
    dependencies,
    faults,
    flags,
    metrics,
    operator_limits,
    parts,
    performance,
    rights,
    scale_ins,
)
from hack.cluster import paths

PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/how-to/administer.md": {flags.SOURCE: flags.table},
    "docs/how-to/workers.md": {scale_ins.SOURCE: scale_ins.table},
    "docs/operating.md": {metrics.SOURCE: metrics.table},
    "docs/runbooks.md": {alerts.SOURCE: alerts.table},
    "docs/sizing.md": {operator_limits.SOURCE: operator_limits.table, performance.SIZES: performance.sizes},
    "docs/rights.md": {
        source: functools.partial(rights.tables, source)
        for source in (rights.OPERATOR, rights.LEASE, rights.USERS)
    },
    "docs/dev/dependencies.md": {dependencies.SOURCE: dependencies.table},
    "docs/dev/faults.md": {faults.SHORT: faults.short, faults.SOURCE: faults.table, faults.SOAK: faults.soak},
    "docs/dev/performance.md": {performance.SHORT: performance.short, performance.ALL: performance.table},
}
"""By page: what makes each part, by its source."""


def files() -> dict[pathlib.Path, str]:
    """Return the text of each file."""
    found = {
        alerts.FOLDER.parent / f"prometheusrule-{audience}.yaml": alerts.prometheus_rule(audience)
        for audience in alerts.AUDIENCES
    }
    for name, made in PARTS.items():
        page = paths.ROOT / name
        parts_of_page = {source: make() for source, make in made.items()}
        found[page] = parts.filled(page.read_text(encoding="utf-8"), parts_of_page)
    return found
