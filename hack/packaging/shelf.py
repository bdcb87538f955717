"""The folder that a release is put into: an earlier one gives way, and nothing else does."""

import pathlib
import shutil

from hack.cluster.errors import ClusterError

CHECKSUMS = "SHA256SUMS"


def require_free(folder: pathlib.Path) -> None:
    """Raise ClusterError where a folder holds anything but a release: somebody may need that."""
    sums = folder / CHECKSUMS
    known = {line.partition("  ")[2] for line in sums.read_text().splitlines()} if sums.exists() else set()
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if strange := there - known - {CHECKSUMS, f"{CHECKSUMS}.asc"}:
        raise ClusterError(
            f"{folder} holds {min(strange)}, which no release has put there: move it, or choose a --target"
        )


def put(made: pathlib.Path, folder: pathlib.Path) -> None:
    """Move the files of a release into a folder; raises as `require_free` does."""
    require_free(folder)
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(made, folder)
