"""The folder that a release is put into: an earlier one gives way, and nothing else does."""

import pathlib
import shutil

from tests.cluster.errors import ClusterError

CHECKSUMS = "SHA256SUMS"
SIGNATURE = f"{CHECKSUMS}.asc"


def require_free(folder: pathlib.Path) -> None:
    """Raise ClusterError where a folder holds anything but a release: somebody may need that."""
    if folder.exists() and not folder.is_dir():
        raise ClusterError(f"{folder} is no folder: choose another --target")
    strange = sorted(path.name for path in contents(folder) if path.name not in listed(folder))
    if strange:
        raise ClusterError(
            f"{folder} holds {strange[0]}, which no release has put there: move it, or choose a --target"
        )


def put(made: pathlib.Path, folder: pathlib.Path) -> None:
    """Move the files of a release into a folder, the checksums first: by them its files are known for ours.

    Raises as `require_free` does.
    """
    require_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(contents(folder), key=lambda path: path.name == CHECKSUMS):
        path.unlink()
    for path in sorted(made.iterdir(), key=lambda path: path.name != CHECKSUMS):
        shutil.move(path, folder / path.name)


def contents(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return what is in a folder, if it is there."""
    return list(folder.iterdir()) if folder.exists() else []


def listed(folder: pathlib.Path) -> set[str]:
    """Return the names of the files of the release that a folder holds; of none if it holds none."""
    sums = folder / CHECKSUMS
    if not sums.is_file():
        return set()
    lines = sums.read_text(errors="replace").splitlines()
    return {CHECKSUMS, SIGNATURE, *(line.partition("  ")[2] for line in lines)}
