"""The operator's own image, built from the Dockerfile that users build it from.

buildah runs the build in a plain chroot, and keeps its storage in a folder that goes with the
build: no daemon, no registry, and nothing of this machine's own containers is touched.
"""

import hashlib
import os
import pathlib

import formation_operator
from tests.cluster import paths
from tests.images import debian, pip_settings, workshop

# Nobody can have a name below `invalid`: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
REFERENCE = f"your-registry.invalid/formation-operator:{formation_operator.__version__}"


def build() -> pathlib.Path:
    """Return the image as a docker-archive, building it if these sources have none in the cache.

    ``BASE_IMAGE`` names another base, such as the Dockerfile's default where a registry is at hand.
    """
    base = os.environ.get("BASE_IMAGE") or f"docker-archive:{debian.base()}"

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        workshop.require("buildah")
        buildah = ["buildah", "--root", str(folder / "storage"), "--runroot", str(folder / "run")]
        buildah += ["--storage-driver", "vfs"]
        options = ["--isolation", "chroot", "--build-arg", f"BASE_IMAGE={base}", "--tag", REFERENCE]
        options += pip_settings.bud_options(folder)
        workshop.run([*buildah, "bud", *options, str(paths.ROOT)])
        workshop.run([*buildah, "push", REFERENCE, f"docker-archive:{target}:{REFERENCE}"])

    return workshop.once("operator", digest(base), make)


def digest(base: str) -> str:
    """Return a short hash of everything that the image is made from."""
    package = paths.ROOT / "operator" / "formation_operator"
    sources = sorted(path for path in package.rglob("*") if "__pycache__" not in path.parts)
    files = [paths.ROOT / "Dockerfile", paths.ROOT / "requirements.txt", *sources]
    summary = hashlib.sha256(base.encode())
    for file in files:
        if file.is_file():
            summary.update(f"{file.relative_to(paths.ROOT)}\0{file.stat().st_size}\0".encode())
            summary.update(file.read_bytes())
    return summary.hexdigest()[:12]
