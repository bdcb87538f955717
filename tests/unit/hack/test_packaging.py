"""What a release is made of, part by part; `tests/distribution/test_packaging.py` makes a whole one."""

import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
from typing import Any

import pytest

from hack.cluster import paths
from hack.cluster.errors import ClusterError
from hack.images import operator_image
from hack.kustomization import load
from hack.packaging import archives, image, krew, notes, plugin, publish, sbom, shelf, staging
from hack.packaging.site import Site

LOCK = (paths.ROOT / "requirements.txt").read_text()
STATUS = (
    "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9+deb12u10\nDescription: C\n more: x\n\n"
    "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
)
PARTS = [*sbom.python_packages(LOCK), *sbom.debian_packages(STATUS)]


REPOSITORY = "https://git.example.com/team/operator"


@pytest.mark.parametrize(
    ("address", "sources", "runbooks"),
    [(None, None, ""), (REPOSITORY, [REPOSITORY], f"{REPOSITORY}/blob/v7.8.9/docs/runbooks.md")],
)
def test_the_one_address_of_a_release_is_where_chart_and_alerts_look(
    address: str | None, sources: list[str] | None, runbooks: str, tmp_path: pathlib.Path
) -> None:
    staging.stage(tmp_path / "sources", "7.8.9", None, 0, address)
    (chart,) = load(tmp_path / "sources/manifests/chart/Chart.yaml")
    (values,) = load(tmp_path / "sources/manifests/chart/values.yaml")
    assert (chart.get("home"), chart.get("sources")) == (address, sources)
    assert values["monitoring"]["runbookUrl"] == runbooks


REFUSED = {
    "version": ("", "1", "v1.2.3", "1.2.3+x", "1.2.3\n", "../1.2.3"),
    "image": ("x", "Registry/x", "a.b/c:v1", "a/b\nc: x"),
    "address": ("x.y/z", "http://x/y", "https://x/y?z", "https://x"),
}


@pytest.mark.parametrize(
    ("what", "typed"), [(what, each) for what, several in REFUSED.items() for each in several]
)
def test_what_is_no_version_no_image_or_no_address_is_refused(
    what: str, typed: str, tmp_path: pathlib.Path
) -> None:
    given: dict[str, Any] = {"version": "1.2.3", "image": None, "address": None, what: typed}
    with pytest.raises(ClusterError, match=f"is no {what}"):
        staging.stage(tmp_path, given["version"], given["image"], 0, given["address"])


def test_krew_finds_the_plugin_of_each_architecture_in_its_archive_by_its_checksum(
    tmp_path: pathlib.Path,
) -> None:
    singles = {each: tmp_path / plugin.name("7.8.9", each) for each in image.ARCHITECTURES}
    for architecture, single in singles.items():
        single.write_text(architecture)
    krew.write(singles, paths.ROOT / "LICENSE", Site(REPOSITORY, "7.8.9"), 0)

    (manifest,) = load(tmp_path / krew.MANIFEST)
    for platform in manifest["spec"]["platforms"]:
        address, _, name = platform["uri"].rpartition("/")
        assert address == f"{REPOSITORY}/releases/download/v7.8.9"
        assert platform["sha256"] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        with tarfile.open(tmp_path / name) as archive:
            assert "LICENSE" in archive.getnames()  # krew demands it
            program = archive.extractfile(platform["bin"])
            assert program is not None
            assert program.read().decode() == platform["selector"]["matchLabels"]["arch"]


def test_the_plugins_single_file_has_what_is_tested() -> None:
    tested = {*sbom.PINNED.findall((paths.ROOT / "requirements-dev.txt").read_text())}
    locked = {*sbom.PINNED.findall(plugin.LOCK.read_text())}
    assert locked - tested == set()


@pytest.fixture
def checkout(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A checkout of one file."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "LICENSE").write_text("a")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "--quiet"), ("add", "LICENSE"), (*author, "commit", "--quiet", "-m", "a")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    monkeypatch.setattr(paths, "ROOT", folder)
    return folder


def test_a_release_is_refused_while_a_file_differs_from_the_last_commit(checkout: pathlib.Path) -> None:
    (checkout / "of-nobody").write_text("git doesn't know it, so no release holds it")
    staging.require_committed()
    (checkout / "LICENSE").write_text("b")
    with pytest.raises(ClusterError, match=r"this isn't:\n M LICENSE"):
        staging.require_committed()


def test_what_git_does_not_know_of_a_linked_folder_is_in_no_release(tmp_path: pathlib.Path) -> None:
    folder, target = tmp_path / "folder", tmp_path / "target"
    (folder / "below").mkdir(parents=True)
    for name in ("below/known", "unknown"):
        (folder / name).write_text("")
    (tmp_path / "link").symlink_to("folder")
    staging.copy(tmp_path / "link", target, [folder / "below/known"])
    assert [path for path in target.rglob("*") if path.is_file()] == [target / "below/known"]


def released(folder: pathlib.Path, *names: str) -> pathlib.Path:
    """Return a folder with the files of a release."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    (folder / shelf.CHECKSUMS).write_text(archives.checksums(folder))
    return folder


@pytest.mark.parametrize("earlier", [(), ("a",)], ids=["alone", "beside a release"])
def test_what_no_release_has_put_into_a_folder_stays(
    earlier: tuple[str, ...], tmp_path: pathlib.Path
) -> None:
    dist = released(tmp_path / "dist", *earlier)
    (dist / "thesis").write_text("")
    if not earlier:
        (dist / shelf.CHECKSUMS).unlink()
    before = sorted(dist.iterdir())
    with pytest.raises(ClusterError, match="holds thesis, which no release"):
        shelf.put(released(tmp_path / "made", "a"), dist)
    assert sorted(dist.iterdir()) == before


CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\nRolls pods: yes\n\n## 0.2.0 - 2026-12-01\n\nRolls pods: no\n\n- It.\n"
)


@pytest.mark.parametrize(
    ("version", "said"), [("0.2.0", "Rolls pods: no\n\n- It.\n"), ("0.3.0", "Rolls pods: yes")]
)
def test_notes_are_the_section_of_the_version_or_else_what_is_unreleased(version: str, said: str) -> None:
    text = notes.write(CHANGELOG, version, "example.com/operator:1")
    assert text.startswith(f"# Formation operator {version}\n\n{said}")
    assert "example.com/operator:1" in text
    assert text.count("Rolls pods") == 1


IMAGE = {"mediaType": "of an image", "digest": "sha256:manifest", "size": 5}


def layout(
    folder: pathlib.Path, files: dict[str, str], *variables: str, architecture: str = "amd64"
) -> pathlib.Path:
    """Return the layout of an image with these files, as far as it is read."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with tarfile.open(blobs / "layer", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    config = {"config": {"Env": [*variables]}, "architecture": architecture, "os": "linux"}
    (blobs / "config").write_text(json.dumps(config))
    described = {"config": {"digest": "sha256:config"}, "layers": [{"digest": "sha256:layer"}]}
    (blobs / "manifest").write_text(json.dumps(described))
    named = {**IMAGE, "annotations": {"org.opencontainers.image.ref.name": architecture}}
    (folder / "index.json").write_text(json.dumps({"manifests": [named]}))
    return folder


DPKG = {"var/lib/dpkg/status": STATUS}
HEADER = {"./usr/local/include/python3.14/patchlevel.h": '#define PY_VERSION      \t"3.14.2"\n'}


@pytest.mark.parametrize(
    ("files", "variables", "version"),
    [(DPKG, ("PATH=/usr/local/bin", "PYTHON_VERSION=3.13.5"), "3.13.5"), (DPKG | HEADER, (), "3.14.2")],
    ids=["as the image says", "as its headers say"],
)
def test_the_bill_lists_a_python_that_debian_has_not_packaged(
    files: dict[str, str], variables: tuple[str, ...], version: str, tmp_path: pathlib.Path
) -> None:
    libc, python = image.of_the_base(layout(tmp_path, files, *variables), IMAGE)
    assert (libc.name, libc.version) == ("libc6", "2.36-9+deb12u10")
    assert (python.name, python.version) == ("cpython", version)
    assert python.url == f"pkg:generic/cpython@{version}"


def test_the_bill_says_what_the_image_holds_and_what_the_plugins_single_file_does() -> None:
    wholes = sbom.wholes("registry.example.com/operator:1.2.3", PARTS, plugin.parts())
    bill = json.loads(sbom.document("1.2.3", 0, wholes))
    names = {each["SPDXID"]: each["name"] for each in bill["packages"]}
    held: dict[str, set[str]] = {}
    for each in bill["relationships"]:
        held.setdefault(names.get(each["spdxElementId"], ""), set()).add(names[each["relatedSpdxElement"]])

    assert held["formation-operator"] == {part.name for part in PARTS}
    assert {"kopf", "kubernetes", "pydantic", "uvloop", "aiohttp"} <= held["formation-operator"]
    assert all(f"{part.name}=={part.version}" in LOCK for part in PARTS if part.name != "libc6")
    assert {"pex", "rich", "honcho", "kubernetes"} <= held["kubectl-formation"]
    assert not {"kopf", "libc6", "colorama"} & held["kubectl-formation"]


def to_publish(folder: pathlib.Path, reference: str) -> pathlib.Path:
    """Return the folder of a release whose image has a name."""
    dist = folder / "dist"
    dist.mkdir()
    made = layout(folder / "layout", {})
    image.join(made, reference, {})
    archives.tar(dist / "formation-operator-1.2.3.oci.tar", made, 0)
    (dist / shelf.CHECKSUMS).write_text(archives.checksums(dist))
    return dist


def test_an_image_with_the_name_of_the_manifests_is_never_pushed(tmp_path: pathlib.Path) -> None:
    dist = to_publish(tmp_path, operator_image.reference())
    with pytest.raises(ClusterError, match="a placeholder: make it with IMAGE="), publish.unpacked(dist):
        pass


def test_what_was_changed_after_it_was_made_is_never_published(tmp_path: pathlib.Path) -> None:
    dist = to_publish(tmp_path, "registry.example.com/operator:1.2.3")
    publish.require_whole(dist)
    (dist / "formation-operator-1.2.3.oci.tar").write_text("another")
    with pytest.raises(
        ClusterError, match=r"isn't as it was made: .*\nformation-operator-1\.2\.3\.oci\.tar: FAILED"
    ):
        publish.require_whole(dist)


PIECES = re.compile(r"find /app/kubernetes -path '([^']+)'")
LOAD = """
import fnmatch, importlib, pkgutil, sys

class LeftOut:
    def find_spec(self, name, path=None, target=None):
        file = "/app/" + name.replace(".", "/") + ".py"
        if any(fnmatch.fnmatch(file, pattern) for pattern in sys.argv[1:]):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, LeftOut())
import formation_operator
for module in pkgutil.walk_packages(formation_operator.__path__, "formation_operator."):
    importlib.import_module(module.name)
import kubernetes.client
try:
    kubernetes.client.CoreV1Api
except ModuleNotFoundError as error:
    print("left out:", error)
"""


def test_the_operator_needs_nothing_of_what_the_image_leaves_out_of_the_client() -> None:
    left_out = PIECES.findall((paths.ROOT / "Dockerfile").read_text())
    assert len(left_out) == 2
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *left_out], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "left out: kubernetes.client.api.core_v1_api\n"
