"""The image as an OCI layout in one file, which a registry, a node or a container engine takes as it is.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import json
import pathlib
import tarfile
import tempfile
from typing import Any

from tests.images import operator_image
from tests.release import archives


def build(sources: pathlib.Path, target: pathlib.Path, facts: dict[str, str], seconds: int) -> str:
    """Write the image, with facts as labels and annotations; return dpkg's list of what is in it."""
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
        return read(layout, "var/lib/dpkg/status")


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


def read(layout: pathlib.Path, path: str) -> str:
    """Return a file of a layout's image, as its last layer with one has it; nothing if none has."""
    content = ""
    index = load(layout / "index.json")
    manifest = load(blob(layout, index["manifests"][0]))
    for layer in manifest["layers"]:
        with gzip.open(blob(layout, layer)) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as files:
            for entry in files:
                if entry.name.removeprefix("./") == path and (found := files.extractfile(entry)):
                    content = found.read().decode()
    return content


def blob(layout: pathlib.Path, descriptor: dict[str, Any]) -> pathlib.Path:
    """Return the file that a descriptor is about."""
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")


def load(file: pathlib.Path) -> dict[str, Any]:
    """Return what a file of JSON holds."""
    return dict(json.loads(file.read_text()))
