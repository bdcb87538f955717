"""Archives whose bytes depend on nothing but their content: names in order, one time, one owner, no links."""

import gzip
import hashlib
import pathlib
import tarfile
from collections.abc import Container


def tar(target: pathlib.Path, root: pathlib.Path, seconds: int, prefix: str = "") -> None:
    """Write the files below a folder, as far as they aren't hidden, each below the prefix."""
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        fill(archive, root, seconds, prefix)


def tgz(
    target: pathlib.Path, root: pathlib.Path, seconds: int, prefix: str, programs: Container[str] = ()
) -> None:
    """Write the same compressed; the programs among the files can be executed."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        fill(archive, root, seconds, prefix, programs)


def fill(
    archive: tarfile.TarFile, root: pathlib.Path, seconds: int, prefix: str, programs: Container[str] = ()
) -> None:
    """Add the files below a folder to an archive."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        entry = tarfile.TarInfo(f"{prefix}{path.relative_to(root)}")
        entry.size, entry.mtime = path.stat().st_size, seconds
        entry.mode = 0o755 if path.name in programs else 0o644
        with path.open("rb") as content:
            archive.addfile(entry, content)


def checksums(folder: pathlib.Path) -> str:
    """Return what `sha256sum --check` reads, about every file of a folder."""
    lines = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as content:
            lines.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines)
