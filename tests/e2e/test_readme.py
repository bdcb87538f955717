"""Everything that the README has people type, in its order, on a real cluster that enforces `restricted`."""

import dataclasses
import pathlib
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests import once
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import pages
from tests.images import busybox

pytestmark = [pytest.mark.alone, pytest.mark.node]

NAMESPACE = "readme"
RAN_WELL = "kubectl wait --for=jsonpath={.status.revision.ready}=true formation/shop --timeout=2m"
WAITS = ("formation deploy", "formation rollback")
"""Before what a reader takes longer than a test: it needs a version that ran well for a minute."""
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
        "no container engine is here: tests/images builds and loads the same image, under the same name",
    ),
}
STEPS = pages.steps((paths.ROOT / "README.md").read_text())


def lines(commands: str) -> list[str]:
    """Return each line of some commands, without what a shell leaves out."""
    return [line.partition("#")[0].strip() for line in commands.splitlines()]


def runnable(commands: str) -> str:
    """Return what a test types of some commands."""
    kept = [line for line in lines(commands) if line not in NOT_TYPED]
    return "".join(f"{line}\n" for line in kept)


@dataclasses.dataclass
class Reader:
    """Somebody with a checkout, a namespace, kubectl and its plugin, and a second terminal."""

    folder: pathlib.Path
    variables: dict[str, str]
    operator: subprocess.Popen[bytes] | None = None

    def types(self, commands: str) -> str:
        """Type commands, all of which go well, and return what they show."""
        done = pages.typed(commands, self.folder, self.variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

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
        somebody = Reader(folder, variables)
        yield somebody
        somebody.presses_ctrl_c()


@pytest.mark.parametrize(
    ("commands", "output"),
    [(runnable(commands), output) for commands, output in STEPS if runnable(commands)],
    ids=lambda text: text[:40].strip(),
)
def test_what_the_readme_says_works(commands: str, output: str, reader: Reader) -> None:
    if INSTALLS in commands:
        reader.presses_ctrl_c()
    if any(word in commands for word in WAITS):
        reader.types(RAN_WELL)
    shown = pages.columns(output)
    said = pages.columns(reader.types(commands.removesuffix(f"{ON_THE_MACHINE}\n")))
    if lines(commands)[-1] == ON_THE_MACHINE:
        reader.starts_the_operator()
    assert said[-len(shown) :] == shown or not output


def test_the_processes_have_outlived_all_of_it(without_operator: Cluster, reader: Reader) -> None:
    query = ("get", "deployments", f"--namespace={NAMESPACE}", "-o")
    counts = without_operator.run_kubectl(*query, "jsonpath={.items[*].status.readyReplicas}")
    owners = without_operator.run_kubectl(*query, "jsonpath={.items[*].metadata.ownerReferences}")

    assert counts.split() == ["1", "3", "4"]
    assert not owners


def test_every_command_that_is_not_typed_here_is_in_the_readme() -> None:
    assert {*NOT_TYPED} <= {line for commands, _ in STEPS for line in lines(commands)}
