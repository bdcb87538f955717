"""The image of every architecture as one OCI layout in one file, which registries and container engines take.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import hashlib
import json
import pathlib
import re
import shutil
import tarfile
import tempfile
from typing import Any

from hack.cluster import images
from hack.cluster.errors import ClusterError
from hack.images import operator_image
from hack.packaging import archives, sbom

ARCHITECTURES = tuple(images.MACHINES)
INDEX = "application/vnd.oci.image.index.v1+json"
FULL_NAME = "io.containerd.image.name"
PYTHON = re.compile(r'^#define PY_VERSION\s+"([^"]+)"', re.MULTILINE)

Descriptor = dict[str, Any]
"""https://github.com/opencontainers/image-spec/blob/main/descriptor.md"""


def build(
    sources: pathlib.Path, target: pathlib.Path, facts: dict[str, str], seconds: int
) -> list[sbom.Part]:
    """Write the image, with facts as labels and annotations; return what its bases have brought into it.

    Raises ClusterError as `of_the_base` does.
    """
    facts = {f"org.opencontainers.image.{key}": text for key, text in sorted(facts.items())}
    said = [option for key, text in facts.items() for option in described(key, text)]
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        layout = pathlib.Path(name, "layout")
        for architecture in ARCHITECTURES:
            work = pathlib.Path(name, architecture)
            work.mkdir()
            bases, place = operator_image.bases(architecture), f"oci:{layout}:{architecture}"
            operator_image.bud(work, sources, architecture, bases, place, "--timestamp", str(seconds), *said)
            shutil.rmtree(work)
        parts = [
            part for image in load(layout / "index.json")["manifests"] for part in of_the_base(layout, image)
        ]
        join(layout, operator_image.reference(sources), facts)
        archives.tar(target, layout, seconds)
    return parts


def described(key: str, text: str) -> tuple[str, ...]:
    """Return the options that say something about an image, in its configuration and in its manifest."""
    return ("--label", f"{key}={text}", "--annotation", f"{key}={text}")


def join(layout: pathlib.Path, reference: str, facts: dict[str, str]) -> None:
    """Join the images of a layout into one index under one name, from which each machine takes its own.

    The name is in full for containerd and Docker, and the tag alone for the rest.
    """
    made = load(layout / "index.json")["manifests"]
    content = index([platform_of(layout, image) for image in made], annotations=facts)
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(content)
    names = {FULL_NAME: reference, "org.opencontainers.image.ref.name": reference.rpartition(":")[2]}
    whole = {"mediaType": INDEX, "digest": f"sha256:{digest}", "size": len(content), "annotations": names}
    (layout / "index.json").write_bytes(index([whole]))


def index(manifests: list[Descriptor], **more: Any) -> bytes:
    """Return an image index."""
    content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, **more}
    return json.dumps(content, sort_keys=True).encode()


def platform_of(layout: pathlib.Path, image: Descriptor) -> Descriptor:
    """Return the descriptor of an image with what it runs on, and without the name that it had here."""
    config = load(blob(layout, manifest_of(layout, image)["config"]))
    platform = {key: config[key] for key in ("architecture", "os")}
    return {**{key: image[key] for key in ("mediaType", "digest", "size")}, "platform": platform}


def of_the_base(layout: pathlib.Path, image: Descriptor) -> list[sbom.Part]:
    """Return Debian's packages in an image of a layout, and a Python that is none of them.

    Raises ClusterError where no package is known: the bill would keep silent about the whole base.
    """
    packages = [*sbom.debian_packages(read(layout, image, r"var/lib/dpkg/status"))]
    if not packages:
        raise ClusterError(
            "the base image has no list of Debian packages, so the bill of materials can't name what is in "
            "it: choose a BASE_IMAGE that is made from Debian"
        )
    version = python(layout, image)
    return [*packages, *([sbom.Part("cpython", version, "generic", "PSF-2.0")] if version else [])]


def python(layout: pathlib.Path, image: Descriptor) -> str | None:
    """Return the version of a Python that was built for the image, which that says, or else the headers."""
    config = load(blob(layout, manifest_of(layout, image)["config"]))["config"]
    variables = dict(each.split("=", 1) for each in config.get("Env") or ())
    if said := variables.get("PYTHON_VERSION"):
        return str(said)
    header = PYTHON.search(read(layout, image, r"usr/local/include/python3\.\d+/patchlevel\.h"))
    return header[1] if header else None


def read(layout: pathlib.Path, image: Descriptor, path: str) -> str:
    """Return a file whose path matches, as the last layer with one has it; nothing if none has."""
    content = ""
    for layer in manifest_of(layout, image)["layers"]:
        with gzip.open(blob(layout, layer)) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as files:
            for entry in files:
                if re.fullmatch(path, entry.name.removeprefix("./")) and (found := files.extractfile(entry)):
                    content = found.read().decode()
    return content


def digest(archive: pathlib.Path) -> str:
    """Return the sha256 of the index in an archive that `build` has written."""
    with tarfile.open(archive) as files, files.extractfile("index.json") as content:  # type: ignore[union-attr]
        return str(json.load(content)["manifests"][0]["digest"]).partition(":")[2]


def manifest_of(layout: pathlib.Path, image: Descriptor) -> dict[str, Any]:
    """Return the manifest of an image of a layout."""
    return load(blob(layout, image))


def blob(layout: pathlib.Path, descriptor: Descriptor) -> pathlib.Path:
    """Return the file that a descriptor is about."""
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")


def load(file: pathlib.Path) -> dict[str, Any]:
    """Return what a file of JSON holds."""
    return dict(json.loads(file.read_text()))
