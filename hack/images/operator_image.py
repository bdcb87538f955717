"""The operator's own image, built from the Dockerfile that users build it from.

buildah runs the build in a plain chroot, and keeps its storage in a folder that goes with the
build: no daemon, no registry, and nothing of this machine's own containers is touched.
"""

import os
import pathlib
from typing import NamedTuple

import yaml

from hack.cluster import images, paths
from hack.images import debian, pip_settings, runtime, workshop

NAMED_IN = "manifests/image/kustomization.yaml"


def reference(sources: pathlib.Path = paths.ROOT) -> str:
    """Return the image's name and tag, as the manifests have it."""
    (image,) = yaml.safe_load((sources / NAMED_IN).read_text())["images"]
    return f"{image['newName']}:{image['newTag']}"


class Bases(NamedTuple):
    """What an image is built upon, and what builds it."""

    base: str
    builder: str


def bases(architecture: str) -> Bases:
    """Return the images for an architecture; what builds is of this machine's own.

    ``BASE_IMAGE`` names another one, such as the Dockerfile's default where a registry is at hand.
    """
    if chosen := os.environ.get("BASE_IMAGE"):
        return Bases(chosen, chosen)
    return Bases(f"docker-archive:{runtime.base(architecture)}", f"docker-archive:{debian.base()}")


def build() -> pathlib.Path:
    """Return this machine's image as a docker-archive, building it if the cache has none of these sources."""
    architecture = images.architecture()
    chosen = bases(architecture)
    sources = ("Dockerfile", "requirements.txt", NAMED_IN, "operator/formation_operator")
    key = images.digest((paths.ROOT / name for name in sources), chosen)

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        bud(folder, paths.ROOT, architecture, chosen, f"docker-archive:{target}:{reference()}")

    return images.once("operator", key, make)


def bud(
    folder: pathlib.Path, sources: pathlib.Path, architecture: str, chosen: Bases, target: str, *options: str
) -> None:
    """Build an image of the sources for an architecture, in ``folder``, and push it to a target."""
    workshop.require("buildah")
    buildah = ["buildah", "--root", str(folder / "storage"), "--runroot", str(folder / "run")]
    buildah += ["--storage-driver", "vfs"]
    variables = {
        "BASE_IMAGE": chosen.base,
        "BUILD_IMAGE": chosen.builder,
        "BUILDPLATFORM": f"linux/{images.architecture()}",
        "TARGETPLATFORM": f"linux/{architecture}",
    }
    named = ["--platform", variables["TARGETPLATFORM"], "--tag", reference(sources)]
    named += [f"--build-arg={name}={value}" for name, value in variables.items()]
    settings = pip_settings.bud_options(folder)
    workshop.run([*buildah, "bud", "--isolation", "chroot", *named, *settings, *options, str(sources)])
    workshop.run([*buildah, "push", reference(sources), target])
