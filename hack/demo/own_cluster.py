"""The demo on this repository's own cluster: it stays up afterwards, with the operator at work."""

import dataclasses

from hack import cluster as clusters
from hack.cluster import ClusterError, images, lifecycle, progress
from hack.cluster.cluster import Cluster
from hack.demo import place
from hack.demo.stage import Stage, eventually
from hack.images import shop_image

NAMESPACE = "demo"


@dataclasses.dataclass
class OwnCluster:
    """The cluster that is up."""

    cluster: Cluster
    installs: bool = True
    begins = "the operator starts"
    rested: bool = False
    """Whether the user knows what is still up."""

    @property
    def runs_processes(self) -> bool:
        """Whether containers execute."""
        return self.cluster.node == "real"

    @property
    def stage(self) -> Stage:
        """Kubectl of the cluster's version, as its administrator."""
        return Stage(str(self.cluster.kubectl), NAMESPACE, self.cluster.kubeconfig)

    def start_operator(self) -> None:
        """Start the operator, in place of an earlier demo's; `make down` ends it."""
        command, health = place.operator_command()
        environment = place.operator_environment(self.cluster.kubeconfig_for(*place.ACCOUNT))
        process = lifecycle.start_guest("operator", command, environment)
        progress.wait("the operator is at work", lambda: place.fetch(health) != "", [process])
        progress.step(f"the operator is at work as {'/'.join(place.ACCOUNT)} (process {process.pid})")

    def apply_sample(self) -> None:
        """Apply the sample as it is."""
        self.stage.in_namespace().show("apply", "-k", "manifests/samples/")

    def ask_web(self) -> str:
        """Ask the Service's address, which kube-proxy makes known to this machine as well."""
        address = self.stage.in_namespace().run(
            "get", "service/shop-web", "--output=jsonpath={.spec.clusterIP}"
        )
        url = f"http://{address}:8080/"
        progress.step(f"GET {url} (the Service shop-web)")
        return eventually(lambda: place.fetch(url), "it answers")

    def rest(self) -> None:
        """Say what is still up."""
        self.rested = True
        print(
            f"""
The cluster and the operator go on running. Try:

    export KUBECONFIG={self.cluster.kubeconfig} PATH={self.cluster.kubectl.parent}:$PATH
    kubectl config set-context --current --namespace={NAMESPACE}
    kubectl edit formation/shop

and when you have seen enough:

    make down
""",
            flush=True,
        )

    def leave(self) -> str:
        """Leave everything as it is."""
        return "" if self.rested else "the cluster keeps running: `make down` ends it"


def enter() -> OwnCluster:
    """Bring the cluster up, with the sample's image on its node."""
    cluster = clusters.up()
    if cluster.node == "none":
        raise ClusterError("the demo needs a node: use KUBE_NODE=real or KUBE_NODE=simulated")
    if cluster.node == "real":
        images.load(cluster, shop_image.build())
        progress.step("the sample app's image is on the node")
    return OwnCluster(cluster)
