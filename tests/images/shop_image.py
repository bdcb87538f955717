"""The sample app's image: one static binary, in as many versions as a test wants to roll out."""

import hashlib
import pathlib

from tests.cluster import golang
from tests.images import archive, workshop

REPOSITORY = "registry.example.com/shop"
SOURCES = pathlib.Path(__file__).with_name("shop")
CONFIG = {"User": "65532:65532", "Entrypoint": ["/shop"]}


def build(version: str = "v1") -> pathlib.Path:
    """Return the image ``registry.example.com/shop:<version>`` as a docker-archive."""

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        binary, layer = folder / "shop", folder / "layer.tar"
        flags = ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w -X main.version={version}"]
        golang.run(["build", *flags, "-o", str(binary), "."], cwd=SOURCES)
        archive.pack(layer, {"/shop": binary})
        archive.write(target, f"{REPOSITORY}:{version}", layer, CONFIG)

    return workshop.once(f"shop-{version}", digest(), make)


def digest() -> str:
    """Return a short hash of the sources and of what the image says about them."""
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in {".go", ".mod"})
    content = b"".join(file.read_bytes() for file in files) + repr(CONFIG).encode()
    return hashlib.sha256(content).hexdigest()[:12]
