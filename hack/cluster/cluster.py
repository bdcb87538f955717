"""The running cluster, as the demo and the tests use it."""

import dataclasses
import os
import pathlib
import subprocess

from hack.cluster import kubeconfigs, paths
from hack.cluster.record import Record


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster that runs: where it is, and what speaks to it."""

    node: str
    server_url: str
    state: pathlib.Path
    binaries: dict[str, pathlib.Path]
    account: pathlib.Path | None = None
    """The kubeconfig of somebody else than the administrator."""

    @property
    def kubeconfig(self) -> pathlib.Path:
        """The kubeconfig that all here is done with: the administrator's, unless another was chosen."""
        return self.account or self.state / "admin.kubeconfig"

    @property
    def kubectl(self) -> pathlib.Path:
        """The kubectl of the cluster's own version."""
        return self.binaries["kubectl"]

    @property
    def ca(self) -> pathlib.Path:
        """The certificate of the authority that the API server is known by."""
        return self.state / "pki" / "ca.crt"

    @property
    def known_by(self) -> dict[str, str]:
        """The cluster as kubeconfigs have it."""
        return kubeconfigs.known_by(self.server_url, self.ca)

    def run_kubectl(self, *arguments: str, stdin: str | None = None, stderr: int | None = None) -> str:
        """Run kubectl and return its output; raises CalledProcessError."""
        done = subprocess.run(
            [str(self.kubectl), *arguments],
            env={**environment(), "KUBECONFIG": str(self.kubeconfig)},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=True,
            text=True,
        )
        return done.stdout

    def answers(self, *arguments: str) -> bool:
        """Tell whether kubectl succeeds."""
        try:
            self.run_kubectl(*arguments, "--request-timeout=5s", stderr=subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            return False
        return True

    def kubeconfig_for(self, namespace: str, service_account: str) -> pathlib.Path:
        """Write a kubeconfig for a service account: what runs with it has just that account's rights."""
        user = {"token": self.token_for(namespace, service_account)}
        file = self.state / "kubeconfigs" / f"{namespace}.{service_account}.kubeconfig"
        return kubeconfigs.write(file, self.known_by, user, namespace)

    def token_for(self, namespace: str, service_account: str) -> str:
        """Return a new token of a service account, which lasts for a day."""
        account = ("create", "token", service_account, f"--namespace={namespace}", "--duration=24h")
        return self.run_kubectl(*account).strip()


def environment() -> dict[str, str]:
    """Return our environment without proxies: what they are for isn't on this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def of(record: Record) -> Cluster:
    """Return the cluster of a record."""
    binaries = {name: pathlib.Path(path) for name, path in record.binaries.items()}
    return Cluster(record.node, record.server, paths.state(), binaries)
