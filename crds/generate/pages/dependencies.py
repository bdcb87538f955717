"""The packages that are locked, from the lock files, with their licences."""

from crds.generate.pages import parts
from hack.packaging import licences

SOURCE = "the lock files and hack/packaging/licences.py"


def table() -> str:
    """Return a row for each package."""
    rows = [[f"`{name}`", row.licence, row.use] for name, row in licences.rows().items()]
    return parts.table(["package", "licence", "for"], rows)
