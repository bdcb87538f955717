"""The last release and other earlier versions, from the repository's own history."""

import functools
import io
import pathlib
import subprocess
import tarfile

from hack.cluster import paths

FIRST = "6c50b73c6a7e442739a80e56a900db11eac8fb38"
"""What counts as the last release as long as there is no tag."""
TAG = ("describe", "--tags", "--abbrev=0", "--match=v[0-9]*", "HEAD^")


class NotHereError(Exception):
    """The history of this checkout doesn't reach as far, as a shallow clone's."""


@functools.cache
def commit() -> str:
    """Return the tag of the last release before this commit, or `FIRST`; raise `NotHereError` without it."""
    try:
        found = _git(*TAG).decode().strip()
    except NotHereError:
        found = FIRST
    _git("cat-file", "-e", f"{found}^{{tree}}")
    return found


def text(path: str, missing: str | None = None) -> str:
    """Return a file of the last release, or what is given for one that it hasn't."""
    of = commit()
    try:
        return _git("show", f"{of}:{path}").decode()
    except NotHereError:
        if missing is None:
            raise
        return missing


def extract(folder: pathlib.Path, of: str | None = None) -> pathlib.Path:
    """Write the sources of a commit, or of the last release, into a folder, and return it."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", of or commit()))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotHereError(f"that version isn't in this checkout: {error}") from error
