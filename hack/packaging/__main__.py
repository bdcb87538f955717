"""Make a release: ``python -m hack.packaging VERSION [--image NAME] [--repository ADDRESS]``.

Needs no registry and no container engine. The same commit, base image and tools give the same bytes.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
from typing import NamedTuple

from hack.cluster import build, commands, paths, progress
from hack.cluster.errors import ClusterError
from hack.images import operator_image, workshop
from hack.packaging import archives, image, krew, notes, plugin, provenance, sbom, shelf, staging, wheel
from hack.packaging.site import Site

WARNING = """\
# Uninstall by operator.yaml: to delete by this file takes the CRD, every Formation and what it runs.
"""


class Order(NamedTuple):
    """What is asked for."""

    version: str
    image: str | None
    repository: str | None
    builder: str | None

    @property
    def site(self) -> Site | None:
        """Where it is published, if anywhere."""
        return Site(self.repository, self.version) if self.repository else None


def main() -> int:
    """Read the command line and make the release."""
    parser = argparse.ArgumentParser(prog="python -m hack.packaging", description=__doc__)
    parser.add_argument("version", help="such as 1.2.3")
    parser.add_argument("--image", help="registry and name of the image; else as manifests/image has it")
    parser.add_argument(
        "--repository", help="where it is published, with GitHub's addresses; else none is named"
    )
    parser.add_argument("--builder", help="the address of what runs this, for the provenance")
    parser.add_argument("--target", type=pathlib.Path, default=paths.ROOT / "dist", help="default: dist/")
    chosen = parser.parse_args()
    try:
        order = Order(chosen.version, chosen.image or None, chosen.repository or None, chosen.builder or None)
        release(order, chosen.target)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def release(order: Order, target: pathlib.Path) -> None:
    """Write all files of a release into a folder, in the place of an earlier one.

    Raises ClusterError where something isn't committed, and where the folder holds anything else.
    """
    staging.require_committed()
    shelf.require_free(target)
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "release")
        made.mkdir()
        make(pathlib.Path(folder), made, order)
        shelf.put(made, target)
    progress.step(f"{target} holds the release {order.version}: {len(list(target.iterdir()))} files")


def make(work: pathlib.Path, target: pathlib.Path, order: Order) -> None:
    """Make all files of a release, with a folder to work in."""
    seconds, sources, version = staging.epoch(), work / "sources", order.version
    staging.stage(sources, version, order.image, seconds, order.repository)
    write(sources, target, version, seconds)
    workshop.pip("install", wheel.REQUIREMENTS, f"--target={work / 'tools'}")
    wheel.build(sources, work / "tools", target, seconds)
    progress.step("the wheel is built; next the plugin and the image, which take some minutes")
    write_plugins(sources, work / "tools", target, order, seconds)
    facts = {"version": version, "revision": staging.git("rev-parse", "HEAD").strip()}
    file = target / f"formation-operator-{version}.oci.tar"
    installed = image.build(sources, file, facts, seconds)
    locked = sbom.python_packages((paths.ROOT / "requirements.txt").read_text())
    wholes = sbom.wholes(operator_image.reference(sources), [*locked, *installed], plugin.parts())
    (target / "sbom.spdx.json").write_text(sbom.document(version, seconds, wholes))
    if order.site:
        statement = provenance_of(order.site, order.builder, sources, target, facts["revision"])
        (target / provenance.NAME).write_text(statement)
    (target / shelf.CHECKSUMS).write_text(archives.checksums(target))


def write_plugins(
    sources: pathlib.Path, tools: pathlib.Path, target: pathlib.Path, order: Order, seconds: int
) -> None:
    """Write the plugin's single file for each architecture, its completion, and what krew needs."""
    shutil.copy(plugin.COMPLETION, target)
    files = {each: target / plugin.name(order.version, each) for each in image.ARCHITECTURES}
    for architecture, file in files.items():
        plugin.build(sources, tools, file, seconds, architecture)
    if order.site:
        krew.write(files, sources / "LICENSE", order.site, seconds)


def provenance_of(
    site: Site, builder: str | None, sources: pathlib.Path, target: pathlib.Path, commit: str
) -> str:
    """Return the provenance of all that is in the target; who builds by hand does it as the page says."""
    reference = operator_image.reference(sources)
    (file,) = target.glob("*.oci.tar")
    made = {"name": reference.rpartition(":")[0], "digest": {"sha256": image.digest(file)}}
    bases = [provenance.base(each, operator_image.bases(each).base) for each in image.ARCHITECTURES]
    materials = [provenance.source(site, commit), *provenance.locks(paths.ROOT), *bases]
    files = [provenance.described(path) for path in sorted(target.iterdir())]
    by = builder or site.page("docs/dev/releasing.md")
    return provenance.statement(site, by, [made, *files], materials)


def write(sources: pathlib.Path, target: pathlib.Path, version: str, seconds: int) -> None:
    """Write what is made of text alone: the manifests, the chart and the notes."""
    chart = target / f"formation-operator-{version}.tgz"
    archives.tgz(chart, sources / "manifests/chart", seconds, "formation-operator/")
    kubectl = build.ensure((build.KUBECTL,))["kubectl"]
    crd, operator = (
        commands.output([kubectl, "kustomize", sources / each]) for each in ("crds", "manifests")
    )
    (target / "install.yaml").write_text(f"{WARNING}{crd}---\n{operator}")
    (target / "operator.yaml").write_text(operator)
    changelog = (paths.ROOT / "CHANGELOG.md").read_text()
    reference = operator_image.reference(sources)
    (target / "RELEASE_NOTES.md").write_text(notes.write(changelog, version, reference))


if __name__ == "__main__":
    sys.exit(main())
