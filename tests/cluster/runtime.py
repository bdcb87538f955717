"""containerd, with everything of it inside our own folders, mounts and control group."""

import pathlib
import subprocess

from tests.cluster import cgroups, host, packages, paths, progress
from tests.cluster.record import Record

PAUSE = "formations.dev/pause:1"
CONFIGURATION = """\
version = 4
root = '{state}/containerd'
state = '{state}/containerd-state'
imports = []
disabled_plugins = [
  'io.containerd.image-verifier.v1.bindir',
  'io.containerd.nri.v1.nri',
  'io.containerd.server.v1.grpc-tcp',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

[plugins.'io.containerd.server.v1.grpc']
address = '{socket}'
[plugins.'io.containerd.server.v1.ttrpc']
address = '{socket}.ttrpc'
[plugins.'io.containerd.shim.v1.manager']
socket_dir = '{sockets}/s'
[plugins.'io.containerd.internal.v1.opt']
path = '{state}/containerd-opt'

[plugins.'io.containerd.cri.v1.images']
snapshotter = '{snapshotter}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '{pause}'

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = {restrict}
netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
snapshotter = '{snapshotter}'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = '{runc}'
Root = '{state}/runc'
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ['{plugins}']
conf_dir = '{state}/cni/net.d'

[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]
platform = 'linux'
snapshotter = '{snapshotter}'
"""
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
    file = paths.state() / "containerd.toml"
    file.write_text(configuration(record))
    hidden = " ".join(host.HIDDEN)
    apart = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", HIDE, hidden]
    command = in_group(*apart, record.binaries["containerd"], "--config", str(file))
    record.start("containerd", command)
    progress.wait("containerd is ready", lambda: answers(record), [record.daemon("containerd")])


def beside(record: Record, *command: str) -> list[str]:
    """Return a command that sees the same mounts as containerd."""
    mounts = f"/proc/{record.daemon('containerd').pid}/ns/mnt"
    return in_group("nsenter", f"--mount={mounts}", "--", *command)


def configuration(record: Record) -> str:
    """Return containerd's configuration for this machine."""
    return CONFIGURATION.format(
        state=paths.state(),
        sockets=paths.sockets(),
        socket=socket(),
        snapshotter="overlayfs" if can_overlay() else "native",
        restrict=str(host.lacks_sys_resource()).lower(),
        runc=packages.find("runc"),
        plugins=pathlib.Path(record.binaries["bridge"]).parent,
        pause=PAUSE,
    )


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
