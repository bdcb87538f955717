"""Everything that the README has people type, in its order, on a real cluster that enforces `restricted`."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from formation_operator.kube.objects import timestamps
from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import busybox
from tests.e2e import demos, pages
from tests.live import once
from tests.live.client import Client, eventually

pytestmark = [pytest.mark.alone, pytest.mark.node]

NAMESPACE = "readme"
RAN_WELL = "kubectl annotate controllerrevisions --all formations.dev/ran-well=clock,web,worker"
DEPLOYS = "formation deploy"
"""Before this a reader takes longer than a test: going back needs a version that ran well for a minute, for
which `test_plugin_release.py` waits."""
ENDS = "kubectl delete -k manifests/"
ON_THE_MACHINE = "formation-operator"
"""The command that runs in its terminal until Ctrl-C."""
INSTALLS = "kubectl apply -k manifests/\n"
"""What the README has done after that Ctrl-C."""
IMAGE = "your-registry.invalid/formation-operator:0.1.0"
NOT_TYPED = {
    "git clone URL-OF-THIS-REPOSITORY formation-operator && cd formation-operator": "it has no address yet",
    "pipx install '.[operator,cli]'": "the tests have both on the PATH",
    **dict.fromkeys(
        (f"docker build --tag {IMAGE} .", f"kind load docker-image {IMAGE}"),
        "no container engine is here: hack/images builds and loads the same image, under the same name",
    ),
}
STEPS = pages.steps((paths.ROOT / "README.md").read_text())
OPERATOR = ("--namespace=formation-system", "deployment/formation-operator")
CRD = "customresourcedefinition.apiextensions.k8s.io/formations.formations.dev"


def lines(commands: str) -> list[str]:
    """Return each line of some commands, without what a shell leaves out."""
    return [line.partition("#")[0].strip() for line in commands.splitlines()]


def runnable(commands: str) -> str:
    """Return what a test types of some commands."""
    kept = [line for line in lines(commands) if line not in NOT_TYPED]
    return "".join(f"{line}\n" for line in kept)


@dataclasses.dataclass
class Reader(pages.Reader):
    """Somebody with a second terminal."""

    operator: subprocess.Popen[bytes] | None = None

    def starts_the_operator(self) -> None:
        """Start it in the other terminal."""
        self.operator = subprocess.Popen(
            [ON_THE_MACHINE], cwd=self.folder, env=self.variables, start_new_session=True
        )

    def presses_ctrl_c(self) -> None:
        """End it, if it runs."""
        if self.operator:
            self.operator.send_signal(signal.SIGINT)
            assert self.operator.wait(timeout=60) in {0, -signal.SIGINT}
            self.operator = None


@pytest.fixture(scope="module")
def reader(
    without_operator: Cluster, scripts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """A reader, and the images that a node would pull."""
    for image in (busybox.IMAGE, busybox.NEXT):
        once.load(without_operator, busybox.build(image))
    folder = tmp_path_factory.mktemp("readme")
    for name in ("crds", "manifests"):
        (folder / name).symlink_to(paths.ROOT / name)
    with pages.read_by_somebody(without_operator, NAMESPACE, folder, scripts) as variables:
        without_operator.run_kubectl("label", "namespace", NAMESPACE, pages.RESTRICTED)
        somebody = Reader(folder, variables, Client(without_operator, NAMESPACE))
        yield somebody
        somebody.presses_ctrl_c()


TYPED = [(runnable(commands), output) for commands, output in STEPS if runnable(commands)]
DEPLOY, END = (
    next(place for place, (commands, _) in enumerate(TYPED) if words in commands) for words in (DEPLOYS, ENDS)
)


def check(reader: Reader, commands: str, output: str) -> None:
    """Type a step, and compare what is shown."""
    if INSTALLS in commands:
        reader.presses_ctrl_c()
    shown = pages.columns(output)
    said = pages.columns(reader.types(commands.removesuffix(f"{ON_THE_MACHINE}\n")))
    if lines(commands)[-1] == ON_THE_MACHINE:
        reader.starts_the_operator()
    assert said[-len(shown) :] == shown or not output


@pytest.mark.parametrize(("commands", "output"), TYPED[:DEPLOY], ids=lambda text: text[:40].strip())
def test_what_the_readme_says_up_to_a_deploy_works(commands: str, output: str, reader: Reader) -> None:
    check(reader, commands, output)


@pytest.fixture(scope="module")
def demo(reader: Reader, without_operator: Cluster) -> Iterator[subprocess.Popen[str]]:
    """A demo with the operator that is installed, which goes on beside what is typed."""
    with demos.started(without_operator, CLUSTER="installed") as running:
        yield running
        running.kill()


def test_any_other_demo_than_one_with_the_operator_that_is_installed_touches_nothing(
    demo: subprocess.Popen[str], without_operator: Cluster
) -> None:
    which = ("get", CRD, "--output=jsonpath={.metadata.uid} {.metadata.generation}")
    before = without_operator.run_kubectl(*which)
    other = demos.demo(without_operator)
    assert other.returncode == 1
    assert CRD in other.stdout
    assert without_operator.run_kubectl(*which) == before


@pytest.mark.parametrize(("commands", "output"), TYPED[DEPLOY:END], ids=lambda text: text[:40].strip())
def test_what_the_readme_says_from_a_deploy_on_works(commands: str, output: str, reader: Reader) -> None:
    if DEPLOYS in commands:
        reader.types(RAN_WELL)
    check(reader, commands, output)


def test_the_pods_of_the_operator_are_never_restarted_and_nobody_special(
    reader: Reader, without_operator: Cluster
) -> None:
    def living() -> list[dict[str, Any]]:
        found = json.loads(without_operator.run_kubectl("get", "pods", OPERATOR[0], "-o", "json"))["items"]
        return [each["status"] for each in found if "deletionTimestamp" not in each["metadata"]]

    def youngest() -> float:
        return min(time.time() - (timestamps.epoch(each["startTime"]) or 0.0) for each in living())

    eventually(lambda: youngest() > 25)  # liveness asks every ten seconds
    assert [each["containerStatuses"][0]["restartCount"] for each in living()] == [0, 0]
    who = ("python3", "-c", "import os; print(os.getuid())")  # the image has no shell, and no other command
    assert without_operator.run_kubectl("exec", *OPERATOR, "--", *who).strip() == "65532"


def test_a_demo_with_the_operator_that_is_installed_makes_its_sample_alone(
    demo: subprocess.Popen[str], without_operator: Cluster
) -> None:
    said, _ = demo.communicate()
    assert demo.returncode == 0, said
    assert "### `make demo CLUSTER=installed`: ok\n" in said
    assert without_operator.run_kubectl("get", "namespace", "formation-demo", "--ignore-not-found") == ""


@pytest.mark.parametrize(("commands", "output"), TYPED[END:], ids=lambda text: text[:40].strip())
def test_what_the_readme_says_of_the_end_works(commands: str, output: str, reader: Reader) -> None:
    check(reader, commands, output)


def test_where_there_is_no_crd_any_more_the_plugin_tells_the_way_to_one(reader: Reader) -> None:
    done = pages.typed("kubectl formation ps", reader.folder, reader.variables)
    assert done.returncode == 3
    assert done.stderr.startswith("Error: This cluster doesn't know Formations.\n")
    assert "kubectl apply -k crds/" in done.stderr


def test_the_processes_have_outlived_all_of_it(reader: Reader) -> None:
    deployments = reader.kubectl.list_all("deployment")
    assert [each["status"]["readyReplicas"] for each in deployments] == [1, 3, 4]
    assert not any("ownerReferences" in each["metadata"] for each in deployments)


def test_every_command_that_is_not_typed_here_is_in_the_readme() -> None:
    assert {*NOT_TYPED} <= {line for commands, _ in STEPS for line in lines(commands)}
