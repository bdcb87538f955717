"""A singleton never overlaps with itself, shown by a process that records its own start and end."""

import pathlib

import pytest

from tests.builders import Manifest, a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import images
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.node

JOURNAL = """
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Write down our start and our end, and take a while to end.
func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	write("start")
	<-signals
	drain, _ := time.ParseDuration(os.Getenv("DRAIN"))
	time.Sleep(drain)
	write("end")
}

func write(what string) {
	file, err := os.OpenFile("/journal/lines", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(file, what, os.Getenv("PROCESS_NAME"))
}
"""


@pytest.fixture
def journal(real_node: Cluster, tmp_path: pathlib.Path) -> pathlib.Path:
    """Put the program onto the node, and return the folder that it writes to."""
    program, folder = tmp_path / "program", tmp_path / "journal"
    for each in (program, folder):
        each.mkdir()
    folder.chmod(0o777)
    tmp_path.chmod(0o755)
    (program / "go.mod").write_text("module formations.dev/journal\n\ngo 1.26\n")
    (program / "main.go").write_text(JOURNAL)
    image = images.Image("registry.example.com/journal:v1", user="65532")
    images.load(real_node, images.from_program(program, image))
    for parent in folder.parents:
        if parent.is_relative_to("/tmp") and parent != pathlib.Path("/tmp"):
            parent.chmod(0o755)
    return folder


def test_a_singleton_never_runs_twice_through_rollouts_and_restarts(
    user: Client, journal: pathlib.Path
) -> None:
    clock = a_process("/program", replicas=1, singleton=True, terminationGracePeriodSeconds=10)
    user.apply(journalling(journal, {"clock": clock}, drain="1s"))
    started(journal, 1)

    user.apply(journalling(journal, {"clock": clock}, drain="2s"))
    started(journal, 2)
    user("rollout", "restart", "deployment/shop-clock")
    started(journal, 3)
    user.merge("formation", "shop", {"spec": {"processes": {"clock": {"terminationGracePeriodSeconds": 20}}}})
    lines = started(journal, 4)

    assert [line.split()[0] for line in lines] == ["start", "end"] * 3 + ["start"]
    assert [line.split()[1] for line in lines[0::2]][:3] == [line.split()[1] for line in lines[1::2]]


def test_an_old_process_finishes_its_work_within_its_grace_period(
    user: Client, journal: pathlib.Path
) -> None:
    worker = a_process("/program", replicas=1, terminationGracePeriodSeconds=30)
    user.apply(journalling(journal, {"worker": worker}, drain="8s"))
    started(journal, 1)

    user.apply(journalling(journal, {"worker": worker}, drain="7s"))
    started(journal, 2)

    old, new, end = eventually(
        lambda: lines_of(journal)[:3] if len(lines_of(journal)) > 2 else None, patience=120
    )
    assert new.startswith("start")
    assert end == old.replace("start", "end")


def journalling(journal: pathlib.Path, processes: dict[str, Manifest], drain: str) -> Manifest:
    """Return a Formation of processes that write to the journal, and take so long to end."""
    volume = {"name": "journal", "hostPath": {"path": str(journal)}}
    mount = {"name": "process", "volumeMounts": [{"name": "journal", "mountPath": "/journal"}]}
    return a_formation(
        image="registry.example.com/journal:v1",
        env=[{"name": "DRAIN", "value": drain}],
        processes=processes,
        podTemplate={"spec": {"volumes": [volume], "containers": [mount]}},
    )


def lines_of(journal: pathlib.Path) -> list[str]:
    file = journal / "lines"
    return file.read_text().splitlines() if file.exists() else []


def started(journal: pathlib.Path, times: int) -> list[str]:
    """Wait for so many starts, and return all lines."""

    def enough() -> list[str] | None:
        lines = lines_of(journal)
        return lines if sum(line.startswith("start") for line in lines) >= times else None

    return eventually(enough, patience=120)


def test_singleton_can_be_switched_on_and_off_on_a_live_type(user: Client) -> None:
    def strategy() -> str:
        return str(user.get("deployment", "shop-clock")["spec"]["strategy"]["type"])

    clock = a_process("/shop", "clock", replicas=1)
    user.apply(a_formation(processes={"clock": clock}))
    user.reported()
    assert strategy() == "RollingUpdate"

    user.apply(a_formation(processes={"clock": {**clock, "singleton": True}}))
    eventually(lambda: strategy() == "Recreate")
    user.apply(a_formation(processes={"clock": clock}))

    eventually(lambda: strategy() == "RollingUpdate")
    assert user.reported()
    assert user.condition("Stalled") is None
