"""Write a one-layer image as a docker-archive, the single file that containerd and buildah import.

The format needs no tool: a tar of a configuration, a manifest and the layer.  Every time and owner
in it is fixed, so the same content is the same image.
Source: https://github.com/moby/docker-image-spec/blob/main/spec.md
"""

import hashlib
import io
import json
import pathlib
import platform
import tarfile
from typing import Any

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write(target: pathlib.Path, reference: str, layer: pathlib.Path, config: dict[str, Any]) -> None:
    """Write an image of one layer; ``config`` is what a Dockerfile would set (``User``, ``Env``, ...)."""
    with layer.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    image = {
        "architecture": architecture(),
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    configuration = json.dumps(image).encode()
    name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": ["layer.tar"]}]
    with tarfile.open(target, "w") as archive:
        add(archive, name, configuration)
        add(archive, "manifest.json", json.dumps(manifest).encode())
        archive.add(layer, "layer.tar")


def pack(layer: pathlib.Path, executables: dict[str, pathlib.Path]) -> None:
    """Write a layer of executable files, each under its path in the image."""
    with tarfile.open(layer, "w") as archive:
        for name, source in executables.items():
            add(archive, name.lstrip("/"), source.read_bytes(), mode=0o755)


def add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """Add one file that belongs to root and carries no time."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def architecture() -> str:
    """Return this machine's architecture as images name it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())
