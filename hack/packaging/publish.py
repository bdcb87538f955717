"""Publish what `make release` has made: ``python -m hack.packaging.publish login|push|sign|draft``.

A registry is always one that was named: for the image by `make release IMAGE=...`, for the chart here.
"""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from hack.cluster import build, commands, packages, paths, progress
from hack.cluster.errors import ClusterError
from hack.packaging import image, provenance, shelf

PLACEHOLDER = ".invalid"
"""Where no name ends that a registry could have: https://www.rfc-editor.org/rfc/rfc2606#section-2"""
LOCAL = ("localhost", "127.0.0.1")
"""Hosts that are asked without TLS."""


class Layout(NamedTuple):
    """The image of a release."""

    folder: pathlib.Path
    reference: str
    digest: str

    @property
    def pinned(self) -> str:
        """Its name and digest."""
        return f"{self.reference.rpartition(':')[0]}@{self.digest}"


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m hack.packaging.publish", description=__doc__)
    parser.add_argument("--dist", type=pathlib.Path, default=paths.ROOT / "dist", help="default: dist/")
    does = parser.add_subparsers(required=True)
    for do, *words in ((login, "registry", "user"), (push, "charts"), (sign, "key"), (draft,)):
        command = does.add_parser(do.__name__, help=do.__doc__)
        command.set_defaults(do=do)
        for word in words:
            command.add_argument(word)
    chosen = vars(parser.parse_args())
    try:
        chosen.pop("do")(**chosen)
    except (ClusterError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def login(dist: pathlib.Path, registry: str, user: str) -> None:  # as all others
    """Remember how to log in to a registry, in Docker's configuration, which Helm and cosign read, too."""
    if not registry or not user:
        raise ClusterError("give the registry and the user: REGISTRY=registry.example.com REGISTRY_USER=me")
    crane = build.ensure((build.CRANE,))["crane"]
    run([str(crane), "auth", "login", registry, "--username", user, "--password-stdin"])


def push(dist: pathlib.Path, charts: str) -> None:
    """Push the image of all architectures under the name that the release asks for, and the chart.

    Raises ClusterError where the release names no registry, or isn't whole.
    """
    host = charts.partition("/")[0]
    if not host:
        raise ClusterError("give where charts go: CHARTS=registry.example.com/team/charts")
    require_whole(dist)
    found = build.ensure((build.CRANE, build.HELM4))
    with unpacked(dist) as layout:
        run([str(found["crane"]), "push", str(layout.folder), layout.reference])
        progress.step(f"pushed {layout.pinned}")
    plain = ["--plain-http"] if host.partition(":")[0] in LOCAL else []
    chart = chart_of(dist)
    run([str(found["helm4"]), "push", str(chart), f"oci://{charts}", *plain])
    progress.step(f"pushed {chart.name} to oci://{charts}")


def sign(dist: pathlib.Path, key: str) -> None:
    """Sign the image by its digest, and attach the provenance, with the project's key."""
    if not key:
        raise ClusterError("give the key: KEY=cosign.key")
    cosign = installed("cosign")
    require_whole(dist)
    with unpacked(dist) as layout, tempfile.NamedTemporaryFile("w") as predicate:
        run([cosign, "sign", "--yes", "--recursive", "--key", key, layout.pinned])
        file = dist / provenance.NAME
        if file.exists():
            json.dump(json.loads(file.read_text())["predicate"], predicate)
            predicate.flush()
            attest = ["attest", "--yes", "--type", provenance.PREDICATE, "--predicate", predicate.name]
            run([cosign, *attest, "--key", key, layout.pinned])


def draft(dist: pathlib.Path) -> None:
    """Put the files of a release into a draft, which only those see who may write to the repository."""
    gh = installed("gh")
    require_whole(dist)
    version = chart_of(dist).stem.removeprefix("formation-operator-")
    files = sorted(str(path) for path in dist.iterdir())
    notes = ["--title", f"Formation operator {version}", "--notes-file", str(dist / "RELEASE_NOTES.md")]
    run([gh, "release", "create", f"v{version}", "--draft", *notes, *files])


def chart_of(dist: pathlib.Path) -> pathlib.Path:
    """Return the chart of a release, whose name ends with the version."""
    (chart,) = dist.glob("formation-operator-*.tgz")
    return chart


def installed(command: str) -> str:
    """Return the path of a command; raise ClusterError if it isn't here."""
    if path := packages.find(command):
        return path
    raise ClusterError(f"{command} isn't here: install it")


def require_whole(dist: pathlib.Path) -> None:
    """Raise ClusterError unless a folder holds a release, each file as its checksum says."""
    if not (dist / shelf.CHECKSUMS).is_file():
        raise ClusterError(f"{dist} holds no release: `make release` makes one")
    try:
        commands.output(["sha256sum", "--check", "--strict", "--quiet", shelf.CHECKSUMS], cwd=dist)
    except ClusterError as error:
        raise ClusterError(f"{dist} isn't as it was made: {error}") from error


@contextlib.contextmanager
def unpacked(dist: pathlib.Path) -> Iterator[Layout]:
    """Unpack the image of a release; raise ClusterError where no registry can have its name."""
    (archive,) = dist.glob("*.oci.tar")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        (whole,) = image.load(folder / "index.json")["manifests"]
        layout = Layout(folder, whole["annotations"][image.FULL_NAME], whole["digest"])
        if layout.reference.partition("/")[0].endswith(PLACEHOLDER):
            raise ClusterError(
                f"the release asks for {layout.reference}, a placeholder: make it with IMAGE=registry/name"
            )
        yield layout


def run(command: list[str]) -> None:
    """Run a command before whoever publishes; raises `CalledProcessError`."""
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
