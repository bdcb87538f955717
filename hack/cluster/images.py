"""Container images without a registry: one layer, made here, put straight into containerd.

An archive holds the same bytes whenever it is made from the same content, and is kept in the
cache under the hash of everything that it is made from.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import pathlib
import platform
import shutil
import tarfile
import tempfile
import typing
from collections.abc import Callable, Iterable, Iterator

from hack.cluster import commands, golang, locks, paths, progress
from hack.cluster.cluster import Cluster

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""What Linux calls each architecture."""
BEGINNING = "1970-01-01T00:00:00Z"


def architecture() -> str:
    """Return this machine's architecture, as images name it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


@dataclasses.dataclass(frozen=True)
class Image:
    """What an image says about itself; its name has a tag, such as ``formations.dev/web:1``."""

    name: str
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    ports: tuple[int, ...] = ()
    working_dir: str = "/"
    stop_signal: str = ""
    architecture: str = dataclasses.field(default="", repr=False)
    """None means that of this machine."""

    def config(self, layer: str) -> bytes:
        """Return the image's configuration, given the hash of its layer."""
        content: dict[str, typing.Any] = {
            "architecture": self.architecture or architecture(),
            "os": "linux",
            "created": BEGINNING,
            "config": {
                "Entrypoint": list(self.entrypoint),
                **({"Cmd": list(self.cmd)} if self.cmd else {}),
                "Env": [f"{name}={value}" for name, value in self.env],
                "User": self.user,
                "ExposedPorts": {f"{port}/tcp": {} for port in self.ports},
                "WorkingDir": self.working_dir,
                **({"StopSignal": self.stop_signal} if self.stop_signal else {}),
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        }
        return json.dumps(content).encode()


def from_program(folder: pathlib.Path, image: Image, flags: str = "") -> pathlib.Path:
    """Return an archive with a Go program as its only file, which is named after its folder."""
    image = dataclasses.replace(image, entrypoint=image.entrypoint or (f"/{folder.name}",))

    def make(work: pathlib.Path, target: pathlib.Path) -> None:
        built = [
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            f"-s -w {flags}",
            "-o",
            f"{work}/root/{folder.name}",
        ]
        golang.run(["build", *built, "."], folder, f"image-{folder.name}")
        write(target, work / "root", image)

    return once(digest((folder,), image, flags), "program", make)


def from_folder(root: pathlib.Path, image: Image) -> pathlib.Path:
    """Return an archive with a folder's content as its root."""
    return once(digest((root,), image), "folder", lambda _, target: write(target, root, image))


def once(kind: str, key: str, make: Callable[[pathlib.Path, pathlib.Path], None]) -> pathlib.Path:
    """Return the file of ``kind`` for ``key``; ``make(folder, file)`` makes it if it isn't in the cache.

    The folder is for its work alone, under a lock that the system gives back when we die; one that a killed
    build left is removed by the next. Only the newest file of a kind is kept: each may hold a whole system.
    """
    shelf = paths.cache() / "images"
    target = shelf / f"{kind}-{key}.tar"
    if target.is_file():
        return target
    shelf.mkdir(parents=True, exist_ok=True)
    with locks.held(f"image-{kind}", f"building the image {kind}"):
        if not target.is_file():
            progress.step(f"building {target.name}, once")
            folder = shelf / f".{kind}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                with progress.patiently(f"building {target.name}"):
                    make(folder, folder / target.name)
                (folder / target.name).rename(target)
            finally:
                shutil.rmtree(folder)
            for older in set(shelf.glob(f"{kind}-*.tar")) - {target}:
                older.unlink()
    return target


def load(cluster: Cluster, archive: pathlib.Path) -> None:
    """Put an archive's image onto the node; a simulated one runs nothing and needs none."""
    if cluster.node == "real":
        put(cluster.binaries["ctr"], archive)


def put(ctr: pathlib.Path, archive: pathlib.Path) -> None:
    """Import an archive into our containerd."""
    address = paths.sockets() / "containerd.sock"
    commands.output([ctr, "--address", address, "--namespace", "k8s.io", "images", "import", archive])


def digest(roots: Iterable[pathlib.Path], *facts: object) -> str:
    """Return a short hash of files, of what is in folders, and of whatever else an image is made from."""
    summary = hashlib.sha256(repr(facts).encode())
    for root in roots:
        for path in [root, *files(root)]:
            if "__pycache__" not in path.parts:
                status = path.lstat()
                known = (str(path.relative_to(root)), status.st_mode, status.st_uid, status.st_gid)
                summary.update(repr(known).encode())
                summary.update(str(path.readlink()).encode() if path.is_symlink() else b"")
                summary.update(path.read_bytes() if path.is_file() else b"")
    return summary.hexdigest()[:12]


def files(root: pathlib.Path) -> list[pathlib.Path]:
    """Return everything below a folder that an image can hold, in a fixed order."""
    everything = sorted(root.rglob("*"))
    return [path for path in everything if path.is_symlink() or path.is_dir() or path.is_file()]


def write(archive: pathlib.Path, root: pathlib.Path, image: Image) -> None:
    """Write an archive as `docker save` does."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".new")
    with tempfile.TemporaryFile(dir=archive.parent) as layer, tarfile.open(unfinished, "w") as tar:
        with tarfile.open(fileobj=layer, mode="w") as content:
            for path in files(root):
                add(content, root, path)
        size = layer.tell()
        layer.seek(0)
        config = image.config(hashlib.file_digest(layer, "sha256").hexdigest())
        layer.seek(0)
        parts = {"Config": "config.json", "RepoTags": [image.name], "Layers": ["layer.tar"]}
        manifest = json.dumps([parts]).encode()
        put_file(tar, "config.json", io.BytesIO(config), len(config))
        put_file(tar, "layer.tar", layer, size)
        put_file(tar, "manifest.json", io.BytesIO(manifest), len(manifest))
    unfinished.replace(archive)


def add(tar: tarfile.TarFile, root: pathlib.Path, path: pathlib.Path) -> None:
    """Add a path of the root to a layer, without what differs from one time to the next."""
    entry = tar.gettarinfo(str(path), str(path.relative_to(root)))
    entry.mtime, entry.uname, entry.gname = 0, "", ""
    if entry.isreg():
        with path.open("rb") as content:
            tar.addfile(entry, content)
    else:
        tar.addfile(entry)


@contextlib.contextmanager
def layer(archive: pathlib.Path) -> Iterator[tarfile.TarFile]:
    """Open what an archive of ours has as the root of its image."""
    with tarfile.open(archive) as outer, tarfile.open(fileobj=outer.extractfile("layer.tar")) as content:
        yield content


def put_file(tar: tarfile.TarFile, name: str, content: typing.IO[bytes], size: int) -> None:
    """Add a file from memory to an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    tar.addfile(entry, content)
