"""The demo on a cluster that the user has, by ``CLUSTER=current`` alone: only the sample stays there."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from tests.cluster import ClusterError, progress
from tests.demo import place
from tests.demo.stage import NAMESPACE, Stage, WrongError, require
from tests.images import shop_image


@dataclasses.dataclass
class CurrentCluster:
    """The cluster of the current kube context."""

    stage: Stage
    image: str
    folder: pathlib.Path
    runs_processes: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start_operator(self) -> None:
        """Start the operator here for as long as the demo takes, unless one is installed there."""
        found = self.stage.run("get", "deployment", "-n", "formation-system", "-o", "name")
        if "deployment.apps/formation-operator" in found:
            progress.step("an operator is installed there already: it does the work")
            return
        command, health = place.operator_command()
        log = self.folder / "operator.log"
        environment = place.operator_environment(self.kubeconfig())
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        answer = place.ask_patiently(
            lambda: place.fetch(health), "the operator starts, on this machine", seconds=60
        )
        require(answer and self.process.poll() is None, f"the operator has died:\n{log.read_text()[-2000:]}")

    def kubeconfig(self) -> pathlib.Path:
        """Write a kubeconfig for the operator's account, with the current context's cluster."""
        seen = json.loads(self.stage.run("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
        namespace, account = place.ACCOUNT
        token = self.stage.run("create", "token", account, f"--namespace={namespace}", "--duration=1h")
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "current", "cluster": seen["clusters"][0]["cluster"]}],
            "users": [{"name": account, "user": {"token": token.strip()}}],
            "contexts": [{"name": "demo", "context": {"cluster": "current", "user": account}}],
            "current-context": "demo",
        }
        file = self.folder / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(json.dumps(content))
        return file

    def apply_sample(self) -> None:
        """Apply the sample with an image that this cluster can pull."""
        sample = self.stage.run("kustomize", "manifests/samples/")
        sample = sample.replace(f"{shop_image.REPOSITORY}:v1", self.image)
        self.stage.in_namespace().show("apply", "-f", "-", stdin=sample)

    def ask_web(self) -> str:
        """Ask through the API server, which reaches Services that this machine may not reach."""
        path = f"/api/v1/namespaces/{NAMESPACE}/services/shop-web:8080/proxy/"

        def ask() -> str:
            try:
                return self.stage.run("get", "--raw", path)
            except WrongError:
                return ""

        return place.ask_patiently(ask, f"GET {path}")

    def farewell(self) -> str:
        """Tell what is left behind, and how to remove it."""
        operator = "The operator has ended with the demo. " if self.process else ""
        return f"""{operator}To install it for good, and to remove the sample:

    kubectl apply -k manifests/
    kubectl delete namespace {NAMESPACE}"""

    def leave(self) -> None:
        """End the operator, if it was ours."""
        if self.process:
            place.end(self.process)
        shutil.rmtree(self.folder)


def enter() -> CurrentCluster:
    """Check that the demo can run there, before anything is touched."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise ClusterError("CLUSTER=current needs kubectl: install it")
    image = os.environ.get("SHOP_IMAGE")
    if not image:
        raise ClusterError(
            "CLUSTER=current needs SHOP_IMAGE, the sample app in a registry that this cluster pulls from: "
            "`python -m tests.images.build shop` builds it"
        )
    stage = Stage(kubectl)
    try:
        context = stage.run("config", "current-context").strip()
        stage.run("version")
    except WrongError as error:
        raise ClusterError(f"CLUSTER=current needs a kube context that answers: {error}") from error
    progress.step(f"the demo uses your cluster of the context {context}, namespace {NAMESPACE}")
    return CurrentCluster(stage, image, pathlib.Path(tempfile.mkdtemp(prefix="formation-demo-")))
