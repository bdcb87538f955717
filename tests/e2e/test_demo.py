"""The demo on a cluster that somebody has, `make demo CLUSTER=current`, with our own cluster as theirs."""

import os
import pathlib
import signal
import subprocess
from collections.abc import Iterator

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import busybox
from hack.operator_process import OperatorProcess
from tests.e2e import pages
from tests.e2e.demos import command, demo, environment
from tests.live import once
from tests.live.client import eventually
from tests.live.installation import install

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]

CRD = "customresourcedefinition.apiextensions.k8s.io/formations.formations.dev"
CLUSTER_WIDE = ("clusterrole/formation-view", "clusterrole/formation-edit", "clusterrole/formation-operator")
BOUND = "clusterrolebinding/formation-operator"
WHAT_A_DEMO_MAKES = (CRD, *CLUSTER_WIDE, BOUND, "namespace/formation-system", "namespace/formation-demo")


@pytest.fixture(scope="module")
def theirs(real_node: Cluster, operator: OperatorProcess) -> Iterator[Cluster]:
    """A cluster on which nothing of ours is; afterwards everything is as before."""
    once.load(real_node, busybox.build())
    operator.stop()
    for folder in ("manifests/rbac", "crds"):
        real_node.run_kubectl("delete", "-k", str(paths.ROOT / folder), "--ignore-not-found")
    yield real_node
    install(real_node)
    operator.start()


def left(cluster: Cluster) -> str:
    """Return what is there of all that a demo makes."""
    return cluster.run_kubectl("get", "--ignore-not-found", "--output=name", *WHAT_A_DEMO_MAKES)


def test_a_demo_on_somebodys_cluster_shows_every_step_and_leaves_nothing(theirs: Cluster) -> None:
    done = demo(theirs)

    assert done.returncode == 0, done.stdout
    assert "every process that ran before runs on" in done.stdout
    assert "every step was as it should be" in done.stdout
    assert "nothing is left" in done.stdout
    assert left(theirs) == ""

    *_, report = done.stdout.partition("### ")
    assert report.startswith("`make demo CLUSTER=current`: ok\n")
    assert report.count(" | ok |") == 6
    assert "failed" not in report


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_demo_that_is_interrupted_or_whose_terminal_is_closed_leaves_nothing(
    number: signal.Signals, theirs: Cluster, tmp_path: pathlib.Path
) -> None:
    log = tmp_path / "log"
    with log.open("w") as output:
        running = subprocess.Popen(
            command(),
            cwd=paths.ROOT,
            env=environment(theirs),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        eventually(lambda: "condition=Ready" in log.read_text())
        running.send_signal(number)
        assert running.wait(timeout=120) == 1
    finally:
        running.kill()
    assert "every step was as it should be" not in log.read_text()
    assert left(theirs) == ""


def test_what_somebody_at_a_terminal_keeps_goes_by_the_commands_that_the_demo_prints(theirs: Cluster) -> None:
    terminal, stdin = os.openpty()
    os.write(terminal, b"keep\n")
    done = demo(theirs, stdin)
    os.close(terminal)
    os.close(stdin)
    assert done.returncode == 0, done.stdout
    assert set(left(theirs).split()) >= {"namespace/formation-demo", "namespace/formation-system"}

    (*_, printed) = done.stdout.partition("To delete what is left:")
    assert pages.typed(printed, paths.ROOT, environment(theirs)).returncode == 0
    assert left(theirs) == ""
