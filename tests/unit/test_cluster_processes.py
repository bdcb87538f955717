"""Process ids are handed out again: a signal must reach the process that we started, or nobody."""

import dataclasses
import pathlib
import signal
from collections.abc import Iterator

import pytest

from tests.cluster import processes

SLEEP = ["/bin/sh", "-c", "exec sleep 60"]


@pytest.fixture
def sleeper(tmp_path: pathlib.Path) -> Iterator[processes.Process]:
    process = processes.start("sleeper", SLEEP, tmp_path / "logs" / "sleeper.log", {"PATH": "/usr/bin:/bin"})
    yield process
    processes.kill([process])


@pytest.mark.parametrize("differs", [{"started": 1}, {"boot": "another boot"}])
def test_another_process_with_the_recorded_id_is_spared(
    sleeper: processes.Process, differs: dict[str, int | str]
) -> None:
    recorded = dataclasses.replace(sleeper, **differs)  # type: ignore[arg-type]
    assert not processes.is_alive(recorded)
    processes.send(recorded, signal.SIGKILL)
    processes.kill([recorded])
    assert processes.is_alive(sleeper)
