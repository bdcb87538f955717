"""containerd, with everything of it inside our own folders, mounts and control group."""

import pathlib
import subprocess

from hack.cluster import cgroups, host, packages, paths, progress, templates
from hack.cluster.record import Record

PAUSE = "formations.dev/pause:1"
# The shell stays the same process all the way, so that its id becomes the daemon's.
JOIN = 'echo $$ > "$0" && exec "$@"'
HIDE = 'mount --make-rshared / && for f in $0; do mount -t tmpfs tmpfs "$f" || exit; done; exec "$@"'


def socket() -> pathlib.Path:
    """Return containerd's socket."""
    return paths.sockets() / "containerd.sock"


def in_group(*command: str) -> list[str]:
    """Return a command that joins the node's control group, with all that it will start."""
    return ["/bin/sh", "-c", JOIN, str(cgroups.membership()), *command]


def start(record: Record) -> None:
    """Start containerd in a mount namespace of its own and wait until it answers."""
    paths.sockets().mkdir(parents=True, exist_ok=True)
    file = templates.write("containerd.toml", **settings_of(record))
    hidden = " ".join(host.HIDDEN)
    apart = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", HIDE, hidden]
    command = in_group(*apart, record.binaries["containerd"], "--config", str(file))
    record.start("containerd", command)
    progress.wait("containerd is ready", lambda: answers(record), [record.daemon("containerd")])


def beside(record: Record, *command: str) -> list[str]:
    """Return a command that sees the same mounts as containerd."""
    mounts = f"/proc/{record.daemon('containerd').pid}/ns/mnt"
    return in_group("nsenter", f"--mount={mounts}", "--", *command)


def settings_of(record: Record) -> dict[str, object]:
    """Return what containerd's configuration has to say of this machine."""
    return {
        "sockets": paths.sockets(),
        "socket": socket(),
        "snapshotter": "overlayfs" if can_overlay() else "native",
        "restrict": str(host.lacks_sys_resource()).lower(),
        "runc": packages.find("runc"),
        "plugins": pathlib.Path(record.binaries["bridge"]).parent,
        "pause": PAUSE,
    }


def can_overlay() -> bool:
    """Tell whether the state's file system can carry the layers of an overlay."""
    root = paths.state() / "overlay"
    folders = {name: root / name for name in ("lower", "upper", "work", "merged")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={folders['lower']},upperdir={folders['upper']},workdir={folders['work']}"
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(folders["merged"])]
    apart = [packages.find("unshare") or "unshare", "--mount", "--propagation", "private", *mount]
    return subprocess.run(apart, capture_output=True, check=False).returncode == 0


def answers(record: Record) -> bool:
    """Tell whether containerd answers."""
    if not socket().exists():
        return False
    command = [record.binaries["ctr"], "--address", str(socket()), "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
