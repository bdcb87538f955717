"""The demo on a cluster that the user has, by ``CLUSTER=current`` or ``installed``: nothing stays unasked."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from hack.cluster import ClusterError, kubeconfigs, progress
from hack.demo import place
from hack.demo.stage import Stage, WrongError, eventually, require
from hack.demo.traces import Traces
from hack.images import busybox

NAMESPACE = "formation-demo"
SAMPLE = "manifests/samples/busybox/"
KEEP = "keep"
THERE = """the context {} has this already: {}

So an operator is installed there, or was, and the demo has changed nothing. If it is at work, try it with
`make demo CLUSTER=installed`. If an earlier demo has left this, delete it:

{}"""
EARLIER = """the context {} has this already: {}

An earlier demo has left it. Delete it:

{}"""
NOT_THERE = """no operator is installed in the cluster of the context {}: see docs/how-to/install.md.
Without one, `make demo CLUSTER=current` starts it on this machine"""
OPERATOR = "--selector=app.kubernetes.io/name=formation-operator,!formations.dev/formation"
"""Its Deployment, wherever it is, and not one of a Formation with the operator's name."""


@dataclasses.dataclass
class CurrentCluster:
    """The cluster of the kube context that was the current one when the demo began."""

    stage: Stage
    image: str
    folder: pathlib.Path
    where: str = ""
    """The namespace of the operator that is installed there; without one the demo starts it."""
    runs_processes: bool = True
    process: subprocess.Popen[bytes] | None = None
    kept: bool = False
    """Whether the user wants to keep what the demo has made."""

    @property
    def installs(self) -> bool:
        """Whether the CRD and the operator's rights aren't there yet."""
        return not self.where

    @property
    def begins(self) -> str:
        """What `start_operator` does, as a sentence."""
        return "the operator is at work" if self.where else "the operator starts on this machine"

    def start_operator(self) -> None:
        """Start the operator, for as long as the demo takes, or wait until every replica of it is ready."""
        if self.where:
            self.stage.show("rollout", "status", "deployments", OPERATOR, "-n", self.where, "--timeout=2m")
            return
        command, health = place.operator_command()
        log = self.folder / "operator.log"
        environment = {**place.operator_environment(self.kubeconfig()), **proxies()}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        process = self.process
        progress.step("the operator starts, on this machine")
        eventually(lambda: process.poll() is not None or place.fetch(health), "it answers", seconds=60)
        require(process.poll() is None, f"the operator has died:\n{log.read_text()[-2000:]}")

    def kubeconfig(self) -> pathlib.Path:
        """Write a kubeconfig for the operator's account, with the context's cluster."""
        seen = json.loads(self.stage.run("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
        namespace, account = place.ACCOUNT
        token = self.stage.run("create", "token", account, f"--namespace={namespace}", "--duration=1h")
        user = {"token": token.strip()}
        return kubeconfigs.write(self.folder / "kubeconfig", seen["clusters"][0]["cluster"], user)

    def apply_sample(self) -> None:
        """Apply the sample of a public image, or with the image that the user has named."""
        stage = self.stage.in_namespace()
        if self.image == busybox.IMAGE.name:
            stage.show("apply", "-k", SAMPLE)
            return
        sample = stage.run("kustomize", SAMPLE).replace(busybox.IMAGE.name, self.image)
        stage.show("apply", "-f", "-", stdin=sample)

    def ask_web(self) -> str:
        """Ask through the API server, which reaches Services that this machine may not reach."""
        path = f"/api/v1/namespaces/{NAMESPACE}/services/shop-web:8080/proxy/"

        def ask() -> str:
            with contextlib.suppress(WrongError):
                return self.stage.run("get", "--raw", path)
            return ""

        progress.step(f"GET {path}")
        return eventually(ask, "it answers")

    def rest(self) -> None:
        """Let a user at a terminal try more, and choose what stays."""
        if not sys.stdin.isatty():
            return
        prefix = " ".join(["kubectl", *self.stage.in_namespace().options])
        print("\nThe operator goes on working for now. Try, in another terminal:\n")
        print(f"    {prefix} get fm,pods\n")
        print(f"Press Enter to delete all that the demo has made, or type `{KEEP}` to keep it.", flush=True)
        self.kept = sys.stdin.readline().strip().lower() == KEEP

    def leave(self) -> str:
        """Delete what the demo has made, unless the user wants to keep it, and end the operator."""
        try:
            self.clean_up()
        except KeyboardInterrupt:
            return f"interrupted, so something may be left. Delete it:\n\n{self.by_hand()}"
        except WrongError as error:
            return f"not everything was deleted: {error}\n\nDelete it:\n\n{self.by_hand()}"
        finally:
            self.end_operator()
            shutil.rmtree(self.folder)
        return ""

    def by_hand(self) -> str:
        """Return the commands that delete what the demo has made."""
        return Traces(self.stage).by_hand(only_app=bool(self.where))

    def clean_up(self) -> None:
        """Delete the app while the operator still works, and then what that needs."""
        traces = Traces(self.stage)
        if self.kept:
            ends = "" if self.where else "The operator ends with the demo. "
            print(f"\n{ends}To delete what is left:\n\n{self.by_hand()}\n", flush=True)
            return
        traces.delete_app()
        if not self.where:
            self.end_operator()
            traces.delete_rest()

    def end_operator(self) -> None:
        """End the operator, if it runs."""
        if self.process and self.process.poll() is None:
            place.end(self.process)


def proxies() -> dict[str, str]:
    """Return the variables by which kubectl may have found its way to the cluster."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def enter(wish: str) -> CurrentCluster:
    """Check that the demo can run there and is in nobody's way, before anything is touched."""
    stage = chosen_stage(wish)
    where = operators_namespace(stage) if wish == "installed" else ""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="formation-demo-"))
    chosen = CurrentCluster(stage, os.environ.get("SHOP_IMAGE") or busybox.IMAGE.name, folder, where)
    context = stage.options[-1]
    if found := Traces(stage).found(only_app=bool(where)):
        folder.rmdir()
        there = EARLIER if where else THERE
        raise ClusterError(there.format(context, ", ".join(found), chosen.by_hand()))
    made = "its sample at the end" if where else "all that it makes there"
    progress.step(f"the demo uses the cluster of the context {context}, and deletes {made}")
    return chosen


def operators_namespace(stage: Stage) -> str:
    """Return where an operator is installed; raise ClusterError if none is."""
    found = stage.ask("get", "deployments", "--all-namespaces", OPERATOR)["items"]
    if not found:
        raise ClusterError(NOT_THERE.format(stage.options[-1]))
    return min(str(item["metadata"]["namespace"]) for item in found)


def chosen_stage(wish: str) -> Stage:
    """Return kubectl for the current context; raise ClusterError where that doesn't answer."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise ClusterError(f"CLUSTER={wish} needs kubectl: install it")
    stage = Stage(kubectl, NAMESPACE)
    try:
        context = stage.run("config", "current-context").strip()
        # Whoever looks around meanwhile may change the current context.
        stage = dataclasses.replace(stage, options=("--context", context))
        stage.run("version")
    except WrongError as error:
        raise ClusterError(f"CLUSTER={wish} needs a kube context that answers: {error}") from error
    return stage
