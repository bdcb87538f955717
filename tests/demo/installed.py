"""The demo with an operator that is installed, by ``CLUSTER=installed``: it makes the sample alone."""

import dataclasses
import pathlib
import tempfile

from tests.cluster import ClusterError, progress
from tests.demo.current_cluster import CurrentCluster, chosen_image, chosen_stage
from tests.demo.traces import Traces

OPERATOR = "--selector=app.kubernetes.io/name=formation-operator,!formations.dev/formation"
"""Its Deployment, wherever it is, and not one of a Formation with the operator's name."""
NOT_THERE = """no operator is installed in the cluster of the context {}: see docs/how-to/install.md.
Without one, `make demo CLUSTER=current` starts it on this machine"""
PATIENCE = "--timeout=2m"


@dataclasses.dataclass
class InstalledOperator(CurrentCluster):
    """The cluster of the current kube context, with the operator that is at work there."""

    where: str = ""
    """The operator's namespace."""
    installs: bool = False
    begins = "the operator is at work"

    def start_operator(self) -> None:
        """Wait until every replica of the operator is ready."""
        self.stage.show("rollout", "status", "deployments", OPERATOR, "-n", self.where, PATIENCE)

    def clean_up(self) -> None:
        """Delete the sample alone, unless the user wants to keep it."""
        if self.kept:
            print(f"\nTo delete what is left:\n\n{self.by_hand()}\n", flush=True)
            return
        Traces(self.stage).delete_app()

    def by_hand(self) -> str:
        """Return the command that deletes the sample."""
        return f"    kubectl {' '.join(self.stage.options)} delete namespace {self.stage.namespace}"


def enter() -> InstalledOperator:
    """Check that an operator is there and no other sample, before anything is touched."""
    stage = chosen_stage("installed")
    context = stage.options[-1]
    found = stage.ask("get", "deployments", "--all-namespaces", OPERATOR)["items"]
    spaces = sorted({item["metadata"]["namespace"] for item in found})
    if not spaces:
        raise ClusterError(NOT_THERE.format(context))
    place = InstalledOperator(
        stage, chosen_image(), pathlib.Path(tempfile.mkdtemp(prefix="formation-demo-")), where=spaces[0]
    )
    if stage.run("get", "namespace", stage.namespace, "--ignore-not-found"):
        place.folder.rmdir()
        raise ClusterError(f"an earlier demo has left its namespace. Delete it:\n\n{place.by_hand()}")
    progress.step(f"the demo uses the cluster of the context {context}, and deletes its sample at the end")
    return place
