"""Write the module file that pins the Kubernetes binaries to one version.

Kubernetes refers to its own libraries by the placeholder ``v0.0.0``, which only its
workspace can resolve.  Building its commands as tools of *our* module therefore needs one
``replace`` for each of these libraries; this script derives them from the release itself.
A minor that has a folder of its own (``modules/kubernetes-1.32``) is pinned there, any other
is the one that everything runs on.
Usage: ``python -m hack.cluster.bump 1.37.2`` (or ``make bump-kubernetes VERSION=1.37.2``).
"""

import json
import pathlib
import re
import sys

from hack.cluster import build, golang, paths
from hack.cluster.errors import ClusterError

PACKAGES = sorted({**build.CONTROL_PLANE.commands, **build.NODE.commands}.values())
STAGING = re.compile(r"^\s*(k8s\.io/[\w-]+) v0\.0\.0$", re.MULTILINE)
GO_VERSION = re.compile(r"^go (\S+)$", re.MULTILINE)


def go_mod(version: str, upstream: str) -> str:
    """Return the text of our ``go.mod`` for a Kubernetes version, given that release's own."""
    go_version = GO_VERSION.search(upstream)
    if go_version is None:
        raise ValueError(f"the go.mod of Kubernetes {version} names no Go version")
    libraries = sorted(set(STAGING.findall(upstream)))
    minor = version.split(".", 1)[1]
    lines = [
        "// Written by `make bump-kubernetes VERSION=...`: do not edit.",
        "module formations.dev/cluster/kubernetes",
        "",
        f"go {go_version[1]}",
        "",
        "tool (",
        *(f"\t{package}" for package in PACKAGES),
        ")",
        "",
        f"require k8s.io/kubernetes v{version}",
        "",
        "replace (",
        *(f"\t{library} => {library} v0.{minor}" for library in libraries),
        ")",
        "",
    ]
    return "\n".join(lines)


def folder(version: str) -> pathlib.Path:
    """Return the folder that a version is pinned in."""
    own = paths.MODULES / f"kubernetes-{version.rpartition('.')[0]}"
    return own if own.is_dir() else paths.MODULES / "kubernetes"


def main(version: str) -> None:
    """Write ``go.mod`` for the version and let Go resolve the rest of it."""
    module = folder(version)
    download = ["mod", "download", "-json", f"k8s.io/kubernetes@v{version}"]
    downloaded = golang.run(download, pathlib.Path("/"), "bump")
    upstream = pathlib.Path(json.loads(downloaded)["GoMod"]).read_text()
    (module / "go.mod").write_text(go_mod(version, upstream))
    golang.run(["mod", "tidy"], module, "bump")


if __name__ == "__main__":
    try:
        main(sys.argv[1].removeprefix("v"))
    except (IndexError, ClusterError) as error:
        sys.exit(f"bump: {error}; usage: make bump-kubernetes VERSION=1.37.2")
