"""The sample app's image: one static binary, in as many versions as a test wants to roll out."""

import pathlib

from hack.cluster import images

REPOSITORY = "registry.example.com/shop"
SOURCES = pathlib.Path(__file__).with_name("shop")
PROGRAM = "/shop"
USER = "65532:65532"


def build(version: str = "v1") -> pathlib.Path:
    """Return the image ``registry.example.com/shop:<version>`` as a docker-archive."""
    image = images.Image(f"{REPOSITORY}:{version}", entrypoint=(PROGRAM,), cmd=("web",), user=USER)
    return images.from_program(SOURCES, image, f"-X main.version={version}")
