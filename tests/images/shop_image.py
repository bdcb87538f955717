"""The sample app's image: one static binary, in as many versions as a test wants to roll out."""

import hashlib
import pathlib

from tests.cluster import golang, images
from tests.images import workshop

REPOSITORY = "registry.example.com/shop"
SOURCES = pathlib.Path(__file__).with_name("shop")
PROGRAM = "/shop"
USER = "65532:65532"


def build(version: str = "v1") -> pathlib.Path:
    """Return the image ``registry.example.com/shop:<version>`` as a docker-archive."""
    image = images.Image(f"{REPOSITORY}:{version}", entrypoint=(PROGRAM,), cmd=("web",), user=USER)

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        root = folder / "root"
        flags = ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w -X main.version={version}"]
        golang.run(["build", *flags, "-o", f"{root}{PROGRAM}", "."], SOURCES, f"shop-{version}")
        images.write(target, root, image)

    return workshop.once(f"shop-{version}", digest(image), make)


def digest(image: images.Image) -> str:
    """Return a short hash of the sources and of what the image says about them."""
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in {".go", ".mod"})
    content = b"".join(file.read_bytes() for file in files) + repr(image).encode()
    return hashlib.sha256(content).hexdigest()[:12]
