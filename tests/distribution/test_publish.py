"""What `make publish` pushes, taken from the registry as users take it; and that each image of it starts."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
from typing import Any

import pytest

from hack.cluster import build, commands, images, packages, paths
from hack.packaging import image, provenance
from tests.distribution import packages as releases
from tests.distribution.helm import Helm, HelmError
from tests.distribution.packages import VERSION

pytestmark = [pytest.mark.alone, pytest.mark.long]


@dataclasses.dataclass(frozen=True)
class Published:
    """A registry that has a release."""

    registry: str
    said: str
    crane: pathlib.Path

    @property
    def reference(self) -> str:
        """The name of the image."""
        return f"{releases.image(self.registry)}:{VERSION}"

    def ask(self, *arguments: str) -> str:
        """Return what crane says."""
        return commands.output([self.crane, *arguments])


def publish(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Do as `make publish` does."""
    return subprocess.run(
        [sys.executable, "-m", "hack.packaging.publish", *arguments],
        cwd=paths.ROOT,
        env={**os.environ, **variables},
        input="hidden",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def published(first: pathlib.Path, registry: str) -> Published:
    """The registry, with image and chart."""
    done = publish("--dist", str(first), "push", f"{registry}/team/charts")
    assert done.returncode == 0, done.stderr
    return Published(registry, done.stdout, build.ensure((build.CRANE,))["crane"])


def test_one_name_leads_to_the_image_of_each_architecture(published: Published) -> None:
    index = json.loads(published.ask("manifest", published.reference))
    found = {each["platform"]["architecture"] for each in index["manifests"]}
    assert found == {"amd64", "arm64"}
    for architecture in found:
        wanted = f"--platform=linux/{architecture}"
        config = json.loads(published.ask("config", wanted, published.reference))
        assert (config["architecture"], config["config"]["User"]) == (architecture, "65532:65532")


def test_what_was_pushed_is_what_the_provenance_is_about(first: pathlib.Path, published: Published) -> None:
    subject, *_ = json.loads((first / provenance.NAME).read_text())["subject"]
    digest = published.ask("digest", published.reference).strip()
    assert subject["name"] == releases.image(published.registry)
    assert f"sha256:{subject['digest']['sha256']}" == digest
    assert f"{subject['name']}@{digest}" in published.said


def test_helm_takes_the_chart_from_the_registry(
    ready_helm: Helm, first: pathlib.Path, published: Published, tmp_path: pathlib.Path
) -> None:
    chart = f"oci://{published.registry}/team/charts/formation-operator"
    ready_helm("pull", chart, "--version", VERSION, "--plain-http", "--destination", str(tmp_path))
    name = f"formation-operator-{VERSION}.tgz"
    assert (tmp_path / name).read_bytes() == (first / name).read_bytes()
    with pytest.raises(HelmError):
        ready_helm("pull", chart, "--version", "7.8.8", "--plain-http", "--destination", str(tmp_path))


def test_a_password_is_kept_where_helm_and_cosign_read_it_and_is_never_shown(tmp_path: pathlib.Path) -> None:
    done = publish("login", "registry.example.com", "me", DOCKER_CONFIG=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "hidden" not in done.stdout + done.stderr
    assert "registry.example.com" in json.loads((tmp_path / "config.json").read_text())["auths"]


def unpacked(
    first: pathlib.Path, architecture: str, folder: pathlib.Path
) -> tuple[pathlib.Path, dict[str, Any]]:
    """Return the file system of an image of a release, and what it says about itself."""
    (archive,) = first.glob("*.oci.tar")
    layout, root = folder / "layout", folder / "root"
    with tarfile.open(archive) as files:
        files.extractall(layout, filter="data")
    (whole,) = image.load(layout / "index.json")["manifests"]
    made = image.load(image.blob(layout, whole))["manifests"]
    (chosen,) = (each for each in made if each["platform"]["architecture"] == architecture)
    manifest = image.manifest_of(layout, chosen)
    for layer in manifest["layers"]:
        with tarfile.open(image.blob(layout, layer)) as files:
            files.extractall(root, filter="fully_trusted")
    return root, image.load(image.blob(layout, manifest["config"]))["config"]


def emulator(architecture: str, root: pathlib.Path) -> list[str]:
    """Return what runs a program of an architecture in a root: nothing, if it is this machine's own."""
    if architecture == images.architecture():
        return []
    name = f"qemu-{images.MACHINES[architecture]}-static"
    if not packages.find(name) and not packages.install(["qemu-user-static"]):
        pytest.skip(f"no {name} is to be had, which runs an image of {architecture}")
    shutil.copy(str(packages.find(name)), root / "usr/bin")
    return [f"/usr/bin/{name}"]


@pytest.mark.parametrize("architecture", image.ARCHITECTURES)
def test_the_image_starts_on_each_architecture(
    architecture: str, first: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    root, said = unpacked(first, architecture, tmp_path)
    program, *arguments = said["Entrypoint"]
    command = [
        str(packages.find("chroot")),
        "--userspec",
        said["User"],
        str(root),
        *emulator(architecture, root),
    ]
    done = subprocess.run(
        ["env", "-i", *said["Env"], *command, f"/usr/bin/{program}", *arguments, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--namespace" in done.stdout
    assert not list(root.rglob("pip"))
    assert not (root / "bin/sh").exists()
