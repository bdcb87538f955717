"""Build the cluster's binaries from pinned Go modules, once, into the cache.

A module's binaries are keyed by the hash of its ``go.mod`` and ``go.sum``, so that a bumped
version builds anew and everything else is found ready.  ``KUBE_VERSION`` names an older minor of
Kubernetes, pinned in a folder of its own.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import threading
import time

from hack.cluster import golang, locks, paths, progress, settings
from hack.cluster.errors import ClusterError


@dataclasses.dataclass(frozen=True)
class Module:
    """One Go module and the commands that are built from it; sources of our own are in its folder, too."""

    name: str
    commands: dict[str, str]
    seconds: int = 0
    """How long the build took with 2 cores and an empty cache, on 6 December 2026; 0 if it isn't known."""
    tags: str = ""
    """Go's build tags."""
    home: pathlib.Path = paths.MODULES
    """The folder that the module's own is in."""

    @property
    def folder(self) -> pathlib.Path:
        """The folder that holds the module's ``go.mod`` and ``go.sum``."""
        return self.home / self.name

    def digest(self) -> str:
        """Return a short hash of everything that decides what is built."""
        if not self.folder.is_dir():
            raise ClusterError(f"{self.name} isn't pinned: of older minors there are {', '.join(older())}")
        files = [self.folder / "go.mod", self.folder / "go.sum", *sorted(self.folder.glob("*.go"))]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]

    def binaries(self) -> pathlib.Path:
        """Return the cache folder of this version's binaries."""
        return paths.cache() / "bin" / f"{self.name}-{self.digest()}"


def older() -> list[str]:
    """Return the older minors of Kubernetes that are pinned, such as ``1.32``, the oldest first."""
    found = (folder.name.partition("-")[2] for folder in paths.MODULES.glob("kubernetes-*"))
    return sorted(found, key=settings.numbers)


def commands(prefix: str, *names: str) -> dict[str, str]:
    """Map command names to their packages below a common prefix."""
    return {name.rsplit("/", 1)[-1]: f"{prefix}/{name}" for name in names}


KUBERNETES = "-".join(filter(None, ["kubernetes", settings.minor()]))
ETCD = Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}, seconds=63)
CONTROL_PLANE = Module(
    KUBERNETES,
    commands(
        "k8s.io/kubernetes/cmd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"
    ),
    seconds=463,
)
NODE = Module(KUBERNETES, commands("k8s.io/kubernetes/cmd", "kubelet", "kube-proxy"), seconds=33)
CONTAINERD = Module(
    "containerd",
    commands("github.com/containerd/containerd/v2/cmd", "containerd", "containerd-shim-runc-v2", "ctr"),
    seconds=77,
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
    seconds=6,
)
KWOK = Module("kwok", commands("sigs.k8s.io/kwok/cmd", "kwok"))

METRICS = Module("metrics-server", commands("sigs.k8s.io/metrics-server/cmd", "metrics-server"))
KUBECTL = Module("kubernetes", commands("k8s.io/kubernetes/cmd", "kubectl"))
HELM3 = Module("helm3", {"helm3": "helm.sh/helm/v3/cmd/helm"})
HELM4 = Module("helm4", {"helm4": "helm.sh/helm/v4/cmd/helm"})
PROMETHEUS = Module(
    "prometheus",
    commands("github.com/prometheus/prometheus/cmd", "prometheus", "promtool"),
    tags="remove_all_sd",  # of a thousand and a half packages five hundred only find targets in clouds
)
ACTIONLINT = Module("actionlint", {"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"})
CRANE = Module("crane", {"crane": "github.com/google/go-containerregistry/cmd/crane"})
KUBE_SCORE = Module("kube-score", {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"})

KEDA = Module("keda", commands("github.com/kedacore/keda/v2/cmd", "operator", "adapter", "webhooks"))
FLUX = Module("flux", {"kustomize-controller": "github.com/fluxcd/kustomize-controller"})
ARGO_CD = Module("argo-cd", {"argo-cd": "."})
KUBECONFORM = Module("kubeconform", commands("github.com/yannh/kubeconform/cmd", "kubeconform"))
KUBE_STATE_METRICS = Module("kube-state-metrics", {"kube-state-metrics": "k8s.io/kube-state-metrics/v2"})

CONTROL = (ETCD, CONTROL_PLANE)
REAL_NODE = (NODE, CONTAINERD, CNI)
SIMULATED_NODE = (KWOK,)
NEIGHBOURS = (KEDA, FLUX, ARGO_CD, KUBECONFORM, KUBE_STATE_METRICS)


def ensure(modules: tuple[Module, ...]) -> dict[str, pathlib.Path]:
    """Build what is missing and return the path of every command of the modules.

    What another process builds at this moment comes last: it may be there by then.
    Raises ClusterError when ``KUBE_VERSION`` isn't pinned.
    """
    if unbuilt := [module for module in modules if missing(module)]:
        progress.step(f"to build, once: {', '.join(module.name + elsewhere(module) for module in unbuilt)}")
        golang.find()  # it may install one, which two threads would do twice
        threading.Thread(target=fetch, args=(unbuilt[1:],), daemon=True).start()
    for module in sorted(modules, key=lambda module: locks.is_taken(lock(module))):
        build(module)
    return places(modules)


def fetch(modules: list[Module]) -> None:
    """Download the sources of modules while another is built: one needs the network, the other the cores.

    Their own builds download what is missing, and say what is wrong.
    """
    for module in modules:
        with contextlib.suppress(ClusterError):
            packages = missing(module).values()
            arguments = ["list", "-deps", "-mod=readonly", f"-tags={module.tags}", *packages]
            golang.run(arguments, module.folder, f"{module.name}-sources", "downloading")


def elsewhere(module: Module) -> str:
    """Return how long a module's build took elsewhere, or nothing if it isn't known."""
    return f" ({module.seconds} s elsewhere)" if module.seconds else ""


def places(modules: tuple[Module, ...]) -> dict[str, pathlib.Path]:
    """Return where each command of the modules is, or will be once it is built."""
    return {command: module.binaries() / command for module in modules for command in module.commands}


def lock(module: Module) -> str:
    """Return the name of the lock under which a module is built."""
    return f"build-{module.name}"


def missing(module: Module) -> dict[str, str]:
    """Return the commands that aren't in the cache, and their packages."""
    folder = module.binaries()
    return {name: package for name, package in module.commands.items() if not (folder / name).is_file()}


def build(module: Module) -> None:
    """Build the commands that aren't in the cache, or wait until another process has built them."""
    if not missing(module):
        return
    with locks.held(lock(module), f"building {module.name}"):
        if wanted := missing(module):
            compile_commands(module, wanted)


def compile_commands(module: Module, wanted: dict[str, str]) -> None:
    """Build commands, and move them to their place only when they are whole."""
    progress.step(f"building {module.name}, once{elsewhere(module)}: {', '.join(wanted)}")
    began = time.monotonic()
    for left in module.binaries().glob(".building-*"):
        shutil.rmtree(left)  # of a build that was killed
    unfinished = module.binaries() / f".building-{os.getpid()}"
    unfinished.mkdir(parents=True)
    # Of several, Go names each after its package; one alone may be named otherwise.
    output = unfinished if len(wanted) > 1 else unfinished / next(iter(wanted))
    flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", f"-tags={module.tags}"]
    # The linker strips what a debugger reads (-w): the compiler needn't write it.
    flags += ["-gcflags=all=-dwarf=false", "-ldflags", linker_flags(module)]
    golang.run(["build", *flags, "-o", str(output), *wanted.values()], module.folder, module.name)
    for name in wanted:
        (unfinished / name).rename(module.binaries() / name)
    unfinished.rmdir()
    progress.step(f"{module.name} is built, in {time.monotonic() - began:.0f} s")


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
