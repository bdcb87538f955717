"""Everything that the README tells people to type, in its order, on a real cluster."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import pages

pytestmark = [pytest.mark.alone, pytest.mark.node]

NAMESPACE = "readme"
RAN_WELL = "kubectl wait --for=jsonpath={.status.revision.ready}=true formation/shop --timeout=2m"
IMAGE = "your-registry.invalid/formation-operator:0.1.0"
NOT_RUN_HERE = {
    "make demo CLUSTER=current": "test_demo.py runs it",
    "make demo": "it starts, and keeps, a cluster and an operator of its own",
    "make test": "it runs this test",
    "pipx install '.[cli]'": "the tests have it on the PATH",
    **dict.fromkeys(
        (f"docker build --tag {IMAGE} .", f"kind load docker-image {IMAGE}"),
        "no container engine is here: tests/images builds and loads the same image, under the same name",
    ),
}
BLOCKS = pages.blocks((paths.ROOT / "README.md").read_text())


def steps() -> list[tuple[str, str]]:
    """Return each block of commands with the output that the README shows below it, if it does."""
    pairs = zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True)
    found = [
        (runnable(text), below[1] if below[0] == "text" else "")
        for (kind, text), below in pairs
        if kind == "sh"
    ]
    return [step for step in found if step[0]]


def runnable(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition("#")[0].strip() not in NOT_RUN_HERE)


@pytest.fixture(scope="module")
def app(real_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put the README's app onto the node: the sample app in an image that has a shell."""
    pages.load_app_with_a_shell(real_node, tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder as the reader has it: our manifests, and the files that the README shows."""
    made = tmp_path_factory.mktemp("readme")
    for name in ("crds", "manifests"):
        (made / name).symlink_to(paths.ROOT / name)
    for kind, text in BLOCKS:
        if kind == "yaml":
            name = text.splitlines()[0].removeprefix("# ")
            (made / name).write_text(text)
    (made / ".env").write_text("SECRET_KEY=example\n")
    return made


@pytest.fixture(scope="module")
def reader(
    without_operator: Cluster, app: None, folder: pathlib.Path, scripts: pathlib.Path
) -> Iterator[dict[str, str]]:
    """The environment of a reader: their own namespace, kubectl and its plugin."""
    with pages.read_by_somebody(without_operator, NAMESPACE, folder, scripts) as environment:
        yield environment


@pytest.mark.parametrize(("commands", "output"), steps(), ids=lambda text: text[:40].strip())
def test_what_the_readme_says_works(
    commands: str, output: str, reader: dict[str, str], folder: pathlib.Path
) -> None:
    if "rollback" in commands:  # readers take longer than a test until they go back
        pages.typed(RAN_WELL, folder, reader)
    done = pages.typed(commands, folder, reader)

    assert done.returncode == 0, done.stdout + done.stderr
    shown = pages.columns(output)
    assert pages.columns(done.stdout)[-len(shown) :] == shown or not output


def test_the_processes_have_outlived_all_of_it(without_operator: Cluster, reader: dict[str, str]) -> None:
    query = ("get", "deployments", f"--namespace={NAMESPACE}", "-o")
    counts = without_operator.run_kubectl(*query, "jsonpath={.items[*].status.readyReplicas}")
    owners = without_operator.run_kubectl(*query, "jsonpath={.items[*].metadata.ownerReferences}")

    assert counts.split() == ["1", "3", "4"]
    assert not owners


def test_every_command_that_is_not_run_here_is_in_the_readme() -> None:
    lines = [
        line.partition("#")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()
    ]
    assert set(NOT_RUN_HERE) <= set(lines)
