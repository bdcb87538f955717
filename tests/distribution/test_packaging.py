"""A release as `make release` makes it: whole, the same each time, and its plugin runs."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from subprocess import PIPE

import pytest
from syrupy.assertion import SnapshotAssertion

from hack.cluster import images, paths
from hack.kustomization import load
from hack.packaging import image, plugin, sbom
from tests.distribution import packages as releases
from tests.distribution.packages import VERSION
from tests.shared.composed import SHOP

PROGRAM = re.compile(r"\.cpython-3(\d+)-(\w+)-linux-gnu\.so$")
pytestmark = [pytest.mark.alone, pytest.mark.long]

Run = Callable[..., str]


def test_a_release_has_all_its_files_and_their_checksums(
    first: pathlib.Path, snapshot: SnapshotAssertion
) -> None:
    names = sorted(path.name for path in first.iterdir())
    assert names == snapshot
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=first, capture_output=True, check=False).returncode == 0
    assert (first / "SHA256SUMS").read_text().count("\n") == len(names) - 1


def test_the_same_sources_make_the_same_bytes_again(
    first: pathlib.Path, registry: str, tmp_path: pathlib.Path
) -> None:
    again = releases.make(tmp_path / "dist", registry, umask=0o077)

    assert {name for name, content in again.items() if content != (first / name).read_bytes()} == set()


def test_deleting_by_what_stops_the_operator_takes_no_formation(first: pathlib.Path) -> None:
    operator = load(first / "operator.yaml")
    kinds = {item["kind"] for item in operator}

    assert "Deployment" in kinds
    assert "CustomResourceDefinition" not in kinds
    (crd,) = (item for item in load(first / "install.yaml") if item not in operator)
    assert crd["kind"] == "CustomResourceDefinition"


def test_the_name_of_the_image_and_its_version_are_everywhere(first: pathlib.Path, registry: str) -> None:
    name = f"{releases.image(registry)}:{VERSION}"
    assert f"image: {name}\n" in (first / "install.yaml").read_text()
    assert name in (first / "RELEASE_NOTES.md").read_text()
    (image,) = first.glob("*.oci.tar")
    with tarfile.open(image) as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        assert name in index.read().decode()


@pytest.fixture
def alone_with(first: pathlib.Path, tmp_path: pathlib.Path) -> Callable[[str], Run]:
    """Run the plugin's files where nothing but a shell and a Python is on the PATH."""

    def prepare(python: str) -> Run:
        where = [shutil.which(python) or "false", "-c", "import sys; print(sys.executable)"]
        found = subprocess.run(where, stdout=PIPE, text=True, check=False).stdout.strip()
        if not found:
            pytest.skip(f"{python} isn't here")
        single = plugin.name(VERSION, images.architecture())
        shutil.copy(first / single, tmp_path / "kubectl-formation")
        shutil.copy(first / "kubectl_complete-formation", tmp_path)
        (tmp_path / "kubectl_complete-formation").chmod(0o755)
        (tmp_path / "python3").symlink_to(os.path.realpath(found))

        def run(*command: str) -> str:
            environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
            command = (str(tmp_path / command[0]), *command[1:])
            done = subprocess.run(command, env=environment, cwd=tmp_path, stdout=PIPE, text=True, check=True)
            return done.stdout

        return run

    return prepare


@pytest.mark.parametrize("minor", [minor for _, minor in plugin.PYTHONS])
def test_the_plugin_is_a_file_that_needs_a_python_alone(
    minor: int, alone_with: Callable[[str], Run], tmp_path: pathlib.Path
) -> None:
    run = alone_with(f"python3.{minor}")
    assert run("kubectl-formation", "--version") == f"kubectl formation {VERSION}\n"
    sample = str(paths.ROOT / "manifests/samples/shop.yaml")
    assert "web: /shop web" in run("kubectl-formation", "export", "procfile", "-f", sample)
    composed = tmp_path / "compose.yaml"
    composed.write_text(SHOP)
    run("kubectl-formation", "init", str(composed), "--image=registry.example.com/shop:v1")
    assert "low-priority:" in (tmp_path / "formation.yaml").read_text()
    assert "scale\t" in run("kubectl_complete-formation", "sc")


@pytest.mark.parametrize("architecture", image.ARCHITECTURES)
def test_the_single_file_of_an_architecture_has_its_own_programs_for_each_python(
    architecture: str, first: pathlib.Path
) -> None:
    with zipfile.ZipFile(first / plugin.name(VERSION, architecture)) as file:
        compiled = [PROGRAM.search(name) for name in file.namelist() if name.endswith(".so")]
    found = {each.groups() for each in compiled if each}
    assert None not in compiled
    assert found == {(str(minor), images.MACHINES[architecture]) for _, minor in plugin.PYTHONS}


OWN = {"operator": ["kopf", "prometheus_client", "uvloop"], "cli": ["dotenv", "honcho", "jsonschema", "rich"]}
"""What an extra alone brings (kopf brings click, too)."""


@pytest.mark.parametrize(("extra", "other"), [("operator", "cli"), ("cli", "operator")])
def test_an_extra_brings_nothing_of_the_other(
    extra: str, other: str, first: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (wheel,) = first.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    pip = [str(tmp_path / "bin/pip"), "--disable-pip-version-check", "--quiet", "install"]
    lock = f"--constraint={without_hashes(paths.ROOT / 'requirements-dev.txt', tmp_path / 'constraints.txt')}"
    subprocess.run([*pip, "--only-binary=:all:", lock, f"{wheel}[{extra}]"], check=True)

    find = "import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    found = [str(tmp_path / "bin/python"), "-c", find, *OWN[other]]
    assert subprocess.run(found, stdout=PIPE, text=True, check=True).stdout == "[]\n"


def without_hashes(lock: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
    """Write the versions of a lock file as constraints, which our own wheel needs no hash beside."""
    target.write_text("\n".join(sbom.PINNED.findall(lock.read_text())))
    return target
