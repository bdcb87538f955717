"""Make a release: ``python -m tests.release VERSION [--image NAME] [--repository ADDRESS] [--target DIST]``.

Needs no registry and no container engine. The same commit, base image and tools give the same bytes.
"""

import argparse
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

from tests.cluster import build, images, paths, progress
from tests.cluster.errors import ClusterError
from tests.images import operator_image
from tests.release import archives, image, krew, notes, plugin, sbom, shelf, staging, wheel
from tests.release.site import Site

WARNING = """\
# Uninstall by operator.yaml: to delete by this file takes the CRD, every Formation and what it runs.
"""


def main() -> int:
    """Read the command line and make the release."""
    parser = argparse.ArgumentParser(prog="python -m tests.release", description=__doc__)
    parser.add_argument("version", help="such as 1.2.3")
    parser.add_argument("--image", help="registry and name of the image; else as manifests/image has it")
    parser.add_argument(
        "--repository", help="where it is published, with GitHub's addresses; else none is named"
    )
    parser.add_argument("--target", type=pathlib.Path, default=paths.ROOT / "dist", help="default: dist/")
    chosen = parser.parse_args()
    try:
        release(chosen.version, chosen.image, chosen.target, chosen.repository)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def release(version: str, name: str | None, target: pathlib.Path, repository: str | None) -> None:
    """Write all files of a release into a folder, in the place of an earlier one.

    Raises ClusterError where something isn't committed, and where the folder holds anything else.
    """
    staging.require_committed()
    shelf.require_free(target)
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "release")
        made.mkdir()
        make(pathlib.Path(folder), made, version, name, repository)
        shelf.put(made, target)
    progress.step(f"{target} holds the release {version}: {len(list(target.iterdir()))} files")


def make(
    work: pathlib.Path, target: pathlib.Path, version: str, name: str | None, repository: str | None
) -> None:
    """Make all files of a release, with a folder to work in."""
    seconds, sources = staging.epoch(), work / "sources"
    staging.stage(sources, version, name or None, seconds, repository)
    write(sources, target, version, seconds)
    wheel.install_tools(work / "tools")
    wheel.build(sources, work / "tools", target, seconds)
    progress.step("the wheel is built; next the plugin and the image, which take a minute or two")
    plugin.build(sources, work / "tools", target / plugin.name(version), seconds)
    if repository:
        krew.write(target / plugin.name(version), sources / "LICENSE", Site(repository, version), seconds)
    shutil.copy(plugin.COMPLETION, target)
    installed = write_image(sources, target, version, seconds)
    locked = sbom.python_packages((paths.ROOT / "requirements.txt").read_text())
    wholes = [
        sbom.image(operator_image.reference(sources), [*locked, *installed]),
        sbom.plugin(version, plugin.parts()),
    ]
    (target / "sbom.spdx.json").write_text(sbom.document(version, seconds, wholes))
    (target / shelf.CHECKSUMS).write_text(archives.checksums(target))


def write(sources: pathlib.Path, target: pathlib.Path, version: str, seconds: int) -> None:
    """Write what is made of text alone: the manifests, the chart and the notes."""
    chart = target / f"formation-operator-{version}.tgz"
    archives.tgz(chart, sources / "manifests/chart", seconds, "formation-operator/")
    kubectl = build.ensure((build.KUBECTL,))["kubectl"]
    crd, operator = (kustomized(kubectl, sources / folder) for folder in ("crds", "manifests"))
    (target / "install.yaml").write_text(f"{WARNING}{crd}---\n{operator}")
    (target / "operator.yaml").write_text(operator)
    changelog = (paths.ROOT / "CHANGELOG.md").read_text()
    reference = operator_image.reference(sources)
    (target / "RELEASE_NOTES.md").write_text(notes.write(changelog, version, reference))


def kustomized(kubectl: pathlib.Path, folder: pathlib.Path) -> str:
    """Return the objects of a kustomization."""
    command = [str(kubectl), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def write_image(sources: pathlib.Path, target: pathlib.Path, version: str, seconds: int) -> list[sbom.Part]:
    """Write the image, and return what its base has brought into it."""
    machine = images.ARCHITECTURES.get(platform.machine(), platform.machine())
    facts = {"version": version, "revision": staging.git("rev-parse", "HEAD").strip()}
    file = target / f"formation-operator-{version}-linux-{machine}.oci.tar"
    return image.build(sources, file, facts, seconds)


if __name__ == "__main__":
    sys.exit(main())
