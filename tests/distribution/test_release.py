"""A release as `make release` makes it: whole, the same each time, and its image runs."""

import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

from tests.cluster import paths
from tests.kustomization import load

pytestmark = [pytest.mark.alone, pytest.mark.long]

VERSION = "7.8.9-rc.1"
IMAGE = "registry.example.com/team/formation-operator"


def make(target: pathlib.Path, umask: int) -> dict[str, bytes]:
    """Make a release, as somebody with that umask does, and return its files."""
    command = [sys.executable, "-m", "tests.release", VERSION, "--image", IMAGE, "--target", str(target)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=paths.ROOT, env=environment, check=True, umask=umask)
    return {path.name: path.read_bytes() for path in target.iterdir()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A release."""
    folder = tmp_path_factory.mktemp("first") / "dist"
    make(folder, 0o022)
    return folder


def test_a_release_has_all_its_files_and_their_checksums(first: pathlib.Path) -> None:
    names = {path.name.replace("amd64", "ARCH").replace("arm64", "ARCH") for path in first.iterdir()}
    assert names == {
        "RELEASE_NOTES.md",
        "SHA256SUMS",
        f"formation-operator-{VERSION}-linux-ARCH.oci.tar",
        f"formation-operator-{VERSION}.tgz",
        "formation_operator-7.8.9rc1-py3-none-any.whl",
        "install.yaml",
        "operator.yaml",
        "sbom.spdx.json",
    }
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=first, capture_output=True, check=False).returncode == 0
    assert (first / "SHA256SUMS").read_text().count("\n") == len(names) - 1


def test_the_same_sources_make_the_same_bytes_again(first: pathlib.Path, tmp_path: pathlib.Path) -> None:
    again = make(tmp_path / "dist", 0o077)

    assert {name for name, content in again.items() if content != (first / name).read_bytes()} == set()


def test_deleting_by_what_stops_the_operator_takes_no_formation(first: pathlib.Path) -> None:
    operator = load(first / "operator.yaml")
    kinds = {item["kind"] for item in operator}

    assert "Deployment" in kinds
    assert "CustomResourceDefinition" not in kinds
    (crd,) = (item for item in load(first / "install.yaml") if item not in operator)
    assert crd["kind"] == "CustomResourceDefinition"


def test_the_name_of_the_image_and_its_version_are_everywhere(first: pathlib.Path) -> None:
    assert f"image: {IMAGE}:{VERSION}\n" in (first / "install.yaml").read_text()
    assert f"{IMAGE}:{VERSION}" in (first / "RELEASE_NOTES.md").read_text()
    (image,) = first.glob("*.oci.tar")
    with tarfile.open(image) as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        assert f"{IMAGE}:{VERSION}" in index.read().decode()
