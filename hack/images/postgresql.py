"""Debian's PostgreSQL, made here where no registry is."""

import pathlib

from hack.cluster import images
from hack.images import debian, system_image, workshop

IMAGE = images.Image("registry.example.com/postgresql:v1", user="65534:65534")
PACKAGE = "postgresql"


def build() -> pathlib.Path:
    """Return the image as a docker-archive, making it if it isn't in the cache."""
    base = debian.base()

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        root = folder / "root"
        system_image.unpack(base, root)
        system_image.install(root, PACKAGE)
        debian.strip(root)
        images.write(target, root, IMAGE)

    return images.once(PACKAGE, images.digest((), workshop.suite(), PACKAGE, base.name, IMAGE), make)
