"""The image as an OCI layout in one file, which a registry, a node or a container engine takes as it is.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import json
import pathlib
import re
import tarfile
import tempfile
from typing import Any

from tests.cluster.errors import ClusterError
from tests.images import operator_image
from tests.release import archives, sbom

PYTHON = re.compile(r'^#define PY_VERSION\s+"([^"]+)"', re.MULTILINE)


def build(
    sources: pathlib.Path, target: pathlib.Path, facts: dict[str, str], seconds: int
) -> list[sbom.Part]:
    """Write the image, with facts as labels and annotations; return what its base has brought into it.

    Raises ClusterError as `of_the_base` does.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = pathlib.Path(name)
        layout = folder / "layout"
        options = [option for key, text in sorted(facts.items()) for option in described(key, text)]
        base = operator_image.base()
        operator_image.bud(
            folder, sources, base, f"oci:{layout}:latest", "--timestamp", str(seconds), *options
        )
        rename(layout, operator_image.reference(sources))
        archives.tar(target, layout, seconds)
        return of_the_base(layout)


def described(key: str, text: str) -> tuple[str, ...]:
    """Return the options that say something about an image, in its configuration and in its manifest."""
    fact = f"org.opencontainers.image.{key}={text}"
    return ("--label", fact, "--annotation", fact)


def rename(layout: pathlib.Path, reference: str) -> None:
    """Give the image of a layout its name: in full for containerd and Docker, and its tag for the rest."""
    index = json.loads((layout / "index.json").read_text())
    (manifest,) = index["manifests"]
    manifest["annotations"] = {
        "io.containerd.image.name": reference,
        "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
    }
    (layout / "index.json").write_text(json.dumps(index, sort_keys=True))


def of_the_base(layout: pathlib.Path) -> list[sbom.Part]:
    """Return Debian's packages in a layout's image, and a Python that is none of them.

    Raises ClusterError where no package is known: the bill would keep silent about the whole base.
    """
    packages = [*sbom.debian_packages(read(layout, r"var/lib/dpkg/status"))]
    if not packages:
        raise ClusterError(
            "the base image has no list of Debian packages, so the bill of materials can't name what is in "
            "it: choose a BASE_IMAGE that is made from Debian"
        )
    version = python(layout)
    return [*packages, *([sbom.cpython(version)] if version else [])]


def python(layout: pathlib.Path) -> str | None:
    """Return the version of a Python that was built for the image, which that says, or else the headers."""
    config = load(blob(layout, manifest_of(layout)["config"]))["config"]
    variables = dict(each.split("=", 1) for each in config.get("Env") or ())
    if said := variables.get("PYTHON_VERSION"):
        return str(said)
    header = PYTHON.search(read(layout, r"usr/local/include/python3\.\d+/patchlevel\.h"))
    return header[1] if header else None


def read(layout: pathlib.Path, path: str) -> str:
    """Return a file whose path matches, as the last layer with one has it; nothing if none has."""
    content = ""
    for layer in manifest_of(layout)["layers"]:
        with gzip.open(blob(layout, layer)) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as files:
            for entry in files:
                if re.fullmatch(path, entry.name.removeprefix("./")) and (found := files.extractfile(entry)):
                    content = found.read().decode()
    return content


def manifest_of(layout: pathlib.Path) -> dict[str, Any]:
    """Return the manifest of a layout's image."""
    return load(blob(layout, load(layout / "index.json")["manifests"][0]))


def blob(layout: pathlib.Path, descriptor: dict[str, Any]) -> pathlib.Path:
    """Return the file that a descriptor is about."""
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")


def load(file: pathlib.Path) -> dict[str, Any]:
    """Return what a file of JSON holds."""
    return dict(json.loads(file.read_text()))
