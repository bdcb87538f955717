"""Read and write the files of this machine: bounded, as text, and never over what somebody else wrote."""

import pathlib
import re
import sys
from collections.abc import Mapping

from formation_cli.failures import Failure, Mistyped

PRIVATE = 0o600
"""The mode of a file that may have values of variables."""
MOST = 256 * 1024
"""Bytes of a file that are read: as much as a Formation may have."""
STRANGE = re.compile(r"[\x00\udc80-\udcff]")
"""A zero byte, or one that is no part of UTF-8."""


def read(path: str) -> str:
    """Return the text of a file, or of stdin for ``-``; raises `Mistyped` for what can't be read as one."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MOST + 1)
        else:
            with pathlib.Path(path).open("rb") as file:
                data = file.read(MOST + 1)
    except OSError as error:
        raise Mistyped(f"{path} can't be read: {error.strerror}.") from error
    if len(data) > MOST:
        raise Mistyped(
            f"{path} has more than {MOST // 1024} KiB, which is the limit: check that it is the right file"
        )
    text = data.decode("utf-8-sig", errors="surrogateescape")
    strange = STRANGE.search(text)
    if strange:
        line = text.count("\n", 0, strange.start()) + 1
        raise Mistyped(f"{path}, line {line}: not a text in UTF-8: check that it is the right file.")
    return text


def renew(folder: pathlib.Path, texts: Mapping[str, str], mark: str) -> None:
    """Write files into a folder for their owner alone, over older ones that begin with the mark only.

    Raises `Failure` before any is written if one of somebody else is there.
    """
    for name in texts:
        path = folder / name
        if path.is_symlink() or (path.exists() and not read(str(path)).startswith(mark)):
            hint = "Move it away, or name another folder."
            raise Failure(f"{path} exists already, and isn't from this command.", hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).touch(PRIVATE)
            (folder / name).chmod(PRIVATE)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{folder} can't be written to: {error.strerror}.") from error


def create(path: pathlib.Path, text: str) -> None:
    """Write a file that isn't there yet, for its owner alone; raises `Failure` if it is there."""
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(PRIVATE)
            file.write(text)
    except FileExistsError as error:
        raise Failure(f"{path} exists already.", hint="Move it away.") from error
    except OSError as error:
        raise Failure(f"{path} can't be written: {error.strerror}.") from error
