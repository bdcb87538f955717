"""Process ids are handed out again: a signal must reach the process that we started, or nobody."""

import dataclasses
import pathlib
import signal
from collections.abc import Iterator

import pytest

from tests.cluster import processes
from tests.cluster.errors import ClusterError

SLEEP = ["/bin/sh", "-c", "exec sleep 60"]


@pytest.fixture
def sleeper(tmp_path: pathlib.Path) -> Iterator[processes.Process]:
    process = processes.start("sleeper", SLEEP, tmp_path / "logs" / "sleeper.log", {"PATH": "/usr/bin:/bin"})
    yield process
    processes.kill([process])


def test_a_process_is_alive_until_it_is_killed(sleeper: processes.Process) -> None:
    assert processes.is_alive(sleeper)
    processes.kill([sleeper])
    assert not processes.is_alive(sleeper)
    processes.kill([sleeper])


@pytest.mark.parametrize("differs", [{"started": 1}, {"boot": "another boot"}])
def test_another_process_with_the_recorded_id_is_spared(
    sleeper: processes.Process, differs: dict[str, int | str]
) -> None:
    recorded = dataclasses.replace(sleeper, **differs)  # type: ignore[arg-type]
    assert not processes.is_alive(recorded)
    processes.send(recorded, signal.SIGKILL)
    processes.kill([recorded])
    assert processes.is_alive(sleeper)


def test_a_daemon_that_dies_is_named_with_the_end_of_its_log(tmp_path: pathlib.Path) -> None:
    command = ["/bin/sh", "-c", "echo no such flag; exit 1"]
    process = processes.start("etcd", command, tmp_path / "etcd.log", {})
    processes.wait_for_end(process.pid, 10)
    with pytest.raises(ClusterError, match=r"etcd has died(?s:.*)no such flag"):
        processes.require_alive([process])


def test_the_name_of_a_process_may_hold_anything(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "a) R 1 (b"
    program.write_text("#!/bin/sh\nsleep 60 & wait\n")
    program.chmod(0o755)
    process = processes.start("odd", [str(program)], tmp_path / "odd.log", {"PATH": "/usr/bin:/bin"})
    assert processes.is_alive(process)
    processes.kill([process])
    assert not processes.is_alive(process)
