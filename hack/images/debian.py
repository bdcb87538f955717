"""A base image with Python, made from the packages of the Debian that we run on.

Where there is no image registry, the Dockerfile's ``BASE_IMAGE`` has to come from somewhere: this
one comes from the same package mirror as the machine itself, which is known to be reachable.
"""

import pathlib

from hack.cluster import images
from hack.images import workshop

PACKAGES = ("python3", "python3-pip")
IMAGE = images.Image("localhost/debian-python:latest", env=(("PATH", "/usr/local/bin:/usr/bin:/bin"),))
# Of no use in an image, and most of it differs from build to build.
LEFT_OUT = ("usr/share/locale/*", "usr/share/man/*", "var/cache/*", "var/lib/apt/lists/*", "var/log/*")


def base() -> pathlib.Path:
    """Return the base image as a docker-archive, making it if it isn't in the cache."""
    suite = workshop.suite()

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        workshop.require("debootstrap")
        root = folder / "root"
        bootstrap(suite, root)
        strip(root)
        images.write(target, root, IMAGE)

    return images.once("base", images.digest((), suite, PACKAGES, LEFT_OUT, IMAGE), make)


def bootstrap(suite: str, root: pathlib.Path) -> None:
    """Install the packages and what they depend on into an empty folder.

    In a mount namespace of its own: debootstrap mounts /proc into the folder, and if it is killed
    before it unmounts that again, the mount goes with the namespace.
    """
    options = ["--variant=minbase", f"--include={','.join(PACKAGES)}"]
    workshop.run(["unshare", "--mount", "debootstrap", *options, suite, str(root), *mirror(suite)])


def mirror(suite: str) -> list[str]:
    """Return the mirror that apt uses for the suite; nothing (debootstrap's default) if it names none."""
    fields = "$(CODENAME) $(COMPONENT) $(REPO_URI)"
    targets = workshop.run(["apt-get", "indextargets", "--format", fields, "Created-By: Packages"])
    found = [line.split() for line in targets.splitlines()]
    return [uri for codename, component, uri in found if (codename, component) == (suite, "main")][:1]


def strip(root: pathlib.Path) -> None:
    """Remove what is left out of the image."""
    workshop.remove(*(path for pattern in LEFT_OUT for path in root.glob(pattern)))
