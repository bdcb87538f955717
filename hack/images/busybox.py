"""The public image that the first sample runs, made here where no registry is: Debian's own busybox."""

import dataclasses
import pathlib

from hack.cluster import commands, images
from hack.images import workshop

# As https://hub.docker.com/_/busybox has it: no user, so processes run as root unless a Pod says otherwise.
IMAGE = images.Image(
    "docker.io/library/busybox:1.36",
    env=(("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),),
)
NEXT = dataclasses.replace(IMAGE, name="docker.io/library/busybox:1.37")
"""The version that pages deploy after it: the same here, under another name."""
PACKAGE = "busybox-static"


def build(image: images.Image = IMAGE) -> pathlib.Path:
    """Return an image as a docker-archive, making it if it isn't in the cache."""

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        root = folder / "root"
        workshop.run(["dpkg-deb", "--extract", str(download(folder)), str(folder / "package")])
        program = root / "bin" / "busybox"
        program.parent.mkdir(parents=True)
        (folder / "package/bin/busybox").rename(program)
        for name in commands.output([program, "--list"]).split():
            if name != program.name:
                (program.parent / name).symlink_to(program.name)
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        images.write(target, root, image)

    _, _, tag = image.name.partition(":")
    return images.once(f"busybox-{tag}", workshop.suite(), make)


def download(folder: pathlib.Path) -> pathlib.Path:
    """Return Debian's package, which isn't installed on this machine."""
    workshop.run_apt(["sh", "-c", f'cd "$0" && apt-get -qq download {PACKAGE}', str(folder)])
    (package,) = folder.glob(f"{PACKAGE}_*.deb")
    return package
