"""The base that the operator's image is built upon: Debian's Python, what it needs to run, and nothing else.

No shell, no package manager and no pip: those are in the image that builds (`debian.py`). The packages are
unpacked and not configured, so nothing of them is run, and the base of any architecture is made on any
machine. Their licences stay, and so does the list of what is installed: scanners know them by that, and so
does our own bill of materials.
"""

import io
import pathlib
import subprocess
import tarfile

from hack.cluster import images
from hack.images import workshop

PACKAGE = "python3"
LEFT_OUT = ("dpkg", "tar")
"""Packages that `python3` depends on for its installation alone."""
USELESS = (
    "usr/lib/*-linux-gnu/gconv",  # Python has its own tables of characters
    "usr/lib/python3*/__phello__",
    "usr/lib/python3*/idlelib",
    "usr/lib/python3*/lib2to3",
    "usr/lib/python3*/pydoc_data",
    "usr/lib/python3*/turtledemo",
    "usr/share/bug",
    "usr/share/doc-base",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/menu",
)
MERGED = ("bin", "lib", "lib64", "sbin")
"""Folders that Debian keeps below usr."""
NAMES = "hosts: files dns\n"
"""Where the C library looks for the address of a name: https://man7.org/linux/man-pages/man5/nsswitch.conf.5.html"""
COMPILE = ("compileall", "-q", "--invalidation-mode", "unchecked-hash")


def base(architecture: str) -> pathlib.Path:
    """Return the base image for an architecture as a docker-archive, making it if it isn't in the cache."""
    image = images.Image(
        f"localhost/debian-python-runtime:{architecture}",
        env=(("PATH", "/usr/local/bin:/usr/bin:/bin"),),
        architecture=architecture,
    )
    key = images.digest((), workshop.suite(), PACKAGE, LEFT_OUT, USELESS, NAMES, COMPILE, image)
    native = None if architecture == images.architecture() else base(images.architecture())

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        root = folder / "root"
        unpack(download(folder / "apt", architecture), root)
        strip(root)
        if native is None:
            compile_library(root)
        else:
            copy_byte_code(native, root)
        images.write(target, root, image)

    return images.once(f"runtime-{architecture}", key, make)


def download(folder: pathlib.Path, architecture: str) -> list[pathlib.Path]:
    """Return the packages, from the mirrors of this machine, as if on one where nothing is installed."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",  # the folder is ours alone
        "Dir::Cache": folder,
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
    }
    apt = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in settings.items())]
    workshop.run([*apt, "update"])
    workshop.run([*apt, "install", "--yes", "--download-only", PACKAGE])
    found = sorted((folder / "archives").glob("*.deb"))
    return [path for path in found if path.name.partition("_")[0] not in LEFT_OUT]


def unpack(packages: list[pathlib.Path], root: pathlib.Path) -> None:
    """Unpack packages into an empty folder, with the list of what is installed."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    entries = []
    for package in packages:
        content = output("dpkg-deb", "--fsys-tarfile", str(package))
        with tarfile.open(fileobj=io.BytesIO(content)) as files:
            files.extractall(root, filter="fully_trusted")
        fields = output("dpkg-deb", "--field", str(package)).decode()
        entries.append(f"{fields.strip()}\nStatus: install ok installed\n")
    status = root / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text("\n".join(entries))
    (root / "etc/nsswitch.conf").write_text(NAMES)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)


def output(*command: str) -> bytes:
    """Return what a command prints."""
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def strip(root: pathlib.Path) -> None:
    """Remove what no program reads; of the documentation only the licences stay."""
    workshop.remove(*(path for pattern in USELESS for path in root.glob(pattern)))
    documentation = root.glob("usr/share/doc/*/*")
    workshop.remove(*(path for path in documentation if path.name != "copyright"))


def compile_library(root: pathlib.Path) -> None:
    """Compile Python's own library, by that Python: at run time nothing can be written.

    With `unchecked-hash`, because the times of an image's files are all the same.
    """
    (library,) = root.glob("usr/lib/python3.*")
    folder = f"/{library.relative_to(root)}"
    workshop.run(["env", "PYTHONHASHSEED=0", "chroot", str(root), "python3", "-m", *COMPILE, folder])


def copy_byte_code(native: pathlib.Path, root: pathlib.Path) -> None:
    """Copy the compiled library from this machine's own base: it is the same for every architecture."""
    with images.layer(native) as layer:
        compiled = [entry for entry in layer if "__pycache__" in pathlib.PurePath(entry.name).parts]
        layer.extractall(root, compiled, filter="fully_trusted")
