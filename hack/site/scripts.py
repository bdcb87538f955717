"""The one script of others: Mermaid, which draws the diagrams in the browser, from npm's package."""

import base64
import hashlib
import pathlib
import subprocess
import tarfile

from hack.cluster import packages, paths
from hack.cluster.errors import ClusterError

PACKAGE = "mermaid@12.3.0"
SHA512 = "4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
"""Of the package, as npm's lock files have it."""
FILE = "package/dist/mermaid.min.js"


def mermaid(target: pathlib.Path) -> None:
    """Put the script into a folder; raises ClusterError without npm, and for another package."""
    kept = paths.cache() / "npm" / f"{PACKAGE}.tgz"
    if not kept.exists():
        fetch(kept)
    with tarfile.open(kept) as package:
        member = package.extractfile(FILE)
        if member is None:
            raise ClusterError(f"{PACKAGE} has no {FILE}")
        (target / pathlib.Path(FILE).name).write_bytes(member.read())


def fetch(kept: pathlib.Path) -> None:
    """Fetch the package and compare it."""
    npm = packages.find("npm")
    if npm is None:
        raise ClusterError("npm is needed, which brings the script for the diagrams: install npm")
    kept.parent.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", f"--pack-destination={kept.parent}", PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`npm pack {PACKAGE}` has failed:\n{done.stderr}")
    fetched = kept.parent / done.stdout.strip()
    digest = base64.b64encode(hashlib.sha512(fetched.read_bytes()).digest()).decode()
    if digest != SHA512:
        fetched.unlink()
        raise ClusterError(f"{PACKAGE} isn't the pinned one: its SHA-512 is {digest}")
    fetched.rename(kept)
