"""Helm, built from a pinned module, with a home of its own; and the chart."""

import dataclasses
import hashlib
import pathlib

from hack import kustomization
from hack.cluster import build, commands, paths
from hack.cluster.cluster import environment

CHART = paths.ROOT / "manifests" / "chart"
NAME = "formation-operator"
NAMESPACE = "formation-system"
GOLDEN = pathlib.Path(__file__).with_name("golden.yaml")
HEADING = "# What Helm makes of manifests/chart without its CRD. The sha256 of the chart's own files: "
WITHOUT_CRD = ("--set", "crds.enabled=false")
VERSIONS = (build.HELM3, build.HELM4)


class HelmError(Exception):
    """Helm has refused, with its reason."""


@dataclasses.dataclass(frozen=True)
class Helm:
    """One version of Helm."""

    binary: pathlib.Path
    home: pathlib.Path
    kubeconfig: pathlib.Path | None = None

    def __call__(self, *arguments: str) -> str:
        """Run Helm and return its output; raises HelmError."""
        homes = {f"HELM_{kind}_HOME": str(self.home / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        variables = {**environment(), **homes, "KUBECONFIG": str(self.kubeconfig or self.home / "none")}
        return commands.output([self.binary, *arguments], HelmError, env=variables)

    def render(self, *flags: str, chart: pathlib.Path = CHART) -> list[kustomization.Manifest]:
        """Return the objects of the chart, without those of `helm test`."""
        return self.template("--skip-tests", *flags, chart=chart)

    def template(self, *flags: str, chart: pathlib.Path = CHART) -> list[kustomization.Manifest]:
        """Return the objects of the chart, those of `helm test` included."""
        # One that is built without its release's settings takes Kubernetes to be 1.20.
        always = (f"--namespace={NAMESPACE}", "--kube-version=1.37.0")
        return kustomization.parse(self("template", NAME, str(chart), *always, *flags))


def binary(module: build.Module) -> pathlib.Path:
    """Return a version of Helm, building it if needed: that takes minutes."""
    return build.ensure((module,))[module.name]


def digest() -> str:
    """Return a hash of the chart's own files, without its README and the manifests that it leads to."""
    summary = hashlib.sha256()
    for file in sorted(CHART.rglob("*")):
        if file.is_file() and not file.is_symlink() and file.name != "README.md":
            summary.update(f"{file.relative_to(CHART)}\0".encode() + file.read_bytes())
    return summary.hexdigest()
