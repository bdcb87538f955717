"""A singleton never overlaps with itself, shown by a process that records its own start and end."""

import pathlib

import pytest

from tests.e2e import workers
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest, a_process

pytestmark = pytest.mark.node

WRITES = 'write() { echo "$1 $PROCESS_NAME" >> /journal/lines; }'
JOURNAL = f"{WRITES}; write start; trap 'sleep $DRAIN; write end; exit' TERM; while :; do sleep 0.1; done"
"""Writes down its start and its end, and takes a while to end."""


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder that processes write to."""
    folder = tmp_path / "journal"
    folder.mkdir()
    folder.chmod(0o777)
    for parent in folder.parents:
        if parent.is_relative_to("/tmp") and parent != pathlib.Path("/tmp"):
            parent.chmod(0o755)
    return folder


def clock(journal: pathlib.Path, drain: int) -> Manifest:
    """Return a Formation of a singleton that writes to the journal, and takes so long to end."""
    shop = workers.shop()
    pod = shop["spec"]["podTemplate"]["spec"]
    pod["volumes"] = [{"name": "journal", "hostPath": {"path": str(journal)}}]
    pod["containers"][0]["volumeMounts"] = [{"name": "journal", "mountPath": "/journal"}]
    singleton = {"singleton": True, "minReadySeconds": 0, "terminationGracePeriodSeconds": 10}
    shop["spec"]["processes"] = {"clock": a_process("/bin/sh", "-c", JOURNAL, replicas=1, **singleton)}
    shop["spec"]["env"] = [{"name": "DRAIN", "value": str(drain)}]
    return shop


def started(journal: pathlib.Path, times: int) -> list[str]:
    """Wait for so many starts, and return all lines."""

    def enough() -> list[str] | None:
        lines = (journal / "lines").read_text().splitlines() if (journal / "lines").exists() else []
        return lines if sum(line.startswith("start") for line in lines) >= times else None

    return eventually(enough, patience=120)


def test_a_singleton_never_runs_twice_through_rollouts_and_restarts(
    person: Client, journal: pathlib.Path
) -> None:
    person.apply(clock(journal, 1))
    started(journal, 1)
    person.apply(clock(journal, 2))
    started(journal, 2)
    person("rollout", "restart", "deployment/shop-clock")
    started(journal, 3)
    person.merge("formation", "shop", {"spec": {"processes": {"clock": {"args": ["again"]}}}})
    lines = started(journal, 4)

    assert [line.split()[0] for line in lines] == ["start", "end"] * 3 + ["start"]
    assert [line.split()[1] for line in lines[0::2]][:3] == [line.split()[1] for line in lines[1::2]]
