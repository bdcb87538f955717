"""Build the cluster's binaries from pinned Go modules, once, into the cache.

A module's binaries are keyed by the hash of its ``go.mod`` and ``go.sum``, so that a bumped
version builds anew and everything else is found ready.  ``KUBE_BIN_DIR`` names a folder of
ready binaries that are used as they are.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import time

from tests.cluster import golang, paths


@dataclasses.dataclass(frozen=True)
class Module:
    """One Go module under ``modules/`` and the commands that are built from it."""

    name: str
    commands: dict[str, str]

    @property
    def folder(self) -> pathlib.Path:
        """The folder that holds the module's ``go.mod`` and ``go.sum``."""
        return paths.MODULES / self.name

    def digest(self) -> str:
        """Return a short hash of everything that decides what is built."""
        files = [self.folder / "go.mod", self.folder / "go.sum"]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]

    def binaries(self) -> pathlib.Path:
        """Return the cache folder of this version's binaries."""
        return paths.cache() / "bin" / f"{self.name}-{self.digest()}"


def commands(prefix: str, *names: str) -> dict[str, str]:
    """Map command names to their packages below a common prefix."""
    return {name.rsplit("/", 1)[-1]: f"{prefix}/{name}" for name in names}


ETCD = Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"})
CONTROL_PLANE = Module(
    "kubernetes",
    commands(
        "k8s.io/kubernetes/cmd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubectl",
    ),
)
NODE = Module("kubernetes", commands("k8s.io/kubernetes/cmd", "kubelet", "kube-proxy"))
CONTAINERD = Module(
    "containerd",
    commands("github.com/containerd/containerd/v2/cmd", "containerd", "containerd-shim-runc-v2", "ctr"),
)
CNI = Module(
    "cni",
    commands(
        "github.com/containernetworking/plugins/plugins",
        "main/bridge",
        "main/loopback",
        "ipam/host-local",
        "meta/portmap",
    ),
)
KWOK = Module("kwok", commands("sigs.k8s.io/kwok/cmd", "kwok"))

METRICS = Module("metrics-server", commands("sigs.k8s.io/metrics-server/cmd", "metrics-server"))

CONTROL = (ETCD, CONTROL_PLANE)
REAL_NODE = (NODE, CONTAINERD, CNI)
SIMULATED_NODE = (KWOK,)


def ensure(modules: tuple[Module, ...]) -> dict[str, pathlib.Path]:
    """Build what is missing and return the path of every command of the modules.

    Raises FileNotFoundError when ``KUBE_BIN_DIR`` is set and lacks one of the commands.
    """
    ready = os.environ.get("KUBE_BIN_DIR")
    found = {}
    for module in modules:
        for command, package in module.commands.items():
            if ready:
                found[command] = given(pathlib.Path(ready) / command)
            else:
                found[command] = built(module, command, package)
    return found


def given(binary: pathlib.Path) -> pathlib.Path:
    """Return a ready binary, or say which one is missing."""
    if not binary.is_file():
        raise FileNotFoundError(f"KUBE_BIN_DIR has no {binary.name}: unset it to build all of them")
    return binary


def built(module: Module, command: str, package: str) -> pathlib.Path:
    """Return a command's binary in the cache, building it first if it isn't there."""
    binary = module.binaries() / command
    if binary.is_file():
        return binary
    print(f"-> building {command} ({package}), once", flush=True)
    began = time.monotonic()
    binary.parent.mkdir(parents=True, exist_ok=True)
    unfinished = binary.with_name(f".{command}.{os.getpid()}")
    flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", linker_flags(module)]
    golang.run(["build", *flags, "-o", str(unfinished), package], cwd=module.folder)
    unfinished.rename(binary)
    print(f"   {command} built in {time.monotonic() - began:.0f} s", flush=True)
    return binary


def linker_flags(module: Module) -> str:
    """Return the flags that strip a binary and give Kubernetes' own their version."""
    stripped = "-s -w"
    pinned = re.search(r"k8s\.io/kubernetes v(\d+)\.(\d+)(\S+)", (module.folder / "go.mod").read_text())
    if pinned is None:
        return stripped
    major, minor, patch = pinned.groups()
    version = {"gitVersion": f"v{major}.{minor}{patch}", "gitMajor": major, "gitMinor": minor}
    package = "k8s.io/component-base/version"
    return " ".join([stripped, *(f"-X {package}.{key}={value}" for key, value in version.items())])
