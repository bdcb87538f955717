"""Container images without a registry: one layer, made here, put straight into containerd.

An archive holds the same bytes whenever it is made from the same content, and is kept in the
cache under the hash of that content.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import pathlib
import platform
import subprocess
import tarfile
import tempfile
import typing

from tests.cluster import golang, locks, paths
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError

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


def from_program(folder: pathlib.Path, image: Image) -> pathlib.Path:
    """Return an archive with a Go program as its only file, which is named after its folder."""
    image = dataclasses.replace(image, entrypoint=image.entrypoint or (f"/{folder.name}",))
    archive = cached(folder, image)
    with alone():
        if not archive.is_file():
            with tempfile.TemporaryDirectory() as root:
                program = str(pathlib.Path(root, folder.name))
                flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
                golang.run(["build", *flags, "-o", program, "."], folder, "image-from-program")
                write(archive, pathlib.Path(root), image)
    return archive


def from_folder(root: pathlib.Path, image: Image) -> pathlib.Path:
    """Return an archive with a folder's content as its root."""
    archive = cached(root, image)
    with alone():
        if not archive.is_file():
            write(archive, root, image)
    return archive


def alone() -> contextlib.AbstractContextManager[None]:
    """Let one process at a time make an image of what it has at hand; that takes seconds."""
    return locks.held("image", "making an image")


def load(cluster: Cluster, archive: pathlib.Path) -> None:
    """Put an archive's image onto the node; a simulated one runs nothing and needs none."""
    if cluster.node == "real":
        put(cluster.binaries["ctr"], archive)


def put(ctr: pathlib.Path, archive: pathlib.Path) -> None:
    """Import an archive into our containerd."""
    address = str(paths.sockets() / "containerd.sock")
    command = [str(ctr), "--address", address, "--namespace", "k8s.io", "images", "import", str(archive)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False
    )  # it warns even when all is well
    if done.returncode:
        raise ClusterError(f"the image {archive} can't be imported: {done.stderr.strip()}")


def cached(root: pathlib.Path, image: Image) -> pathlib.Path:
    """Return where the archive of a folder and its image is kept."""
    digest = hashlib.sha256(repr(image).encode())
    for path in files(root):
        status = path.lstat()
        facts = (str(path.relative_to(root)), status.st_mode, status.st_uid, status.st_gid)
        digest.update(repr(facts).encode())
        if path.is_symlink():
            digest.update(str(path.readlink()).encode())
        elif path.is_file():
            with path.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return paths.cache() / "images" / f"{digest.hexdigest()[:16]}.tar"


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


def put_file(tar: tarfile.TarFile, name: str, content: typing.IO[bytes], size: int) -> None:
    """Add a file from memory to an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    tar.addfile(entry, content)
