"""What a real node changes is recorded where a command with another cache finds it, too."""

import pathlib
import sys

import pytest

from tests.cluster import paths, processes, record
from tests.cluster.cluster import Cluster
from tests.faults import daemons


@pytest.fixture(autouse=True)
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "RUN", tmp_path / "run")
    monkeypatch.setenv("FORMATION_CACHE", str(tmp_path / "one"))


def a_record(**differing: object) -> record.Record:
    return record.Record("real", "https://10.244.0.1:16443", {}, **differing)  # type: ignore[arg-type]


def test_what_has_to_be_put_back_is_known_with_another_cache_and_names_the_first(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_record(host={"had_lock": True}).save()
    monkeypatch.setenv("FORMATION_CACHE", str(tmp_path / "two"))
    found = record.of_machine()
    assert record.load() is None
    assert found is not None
    assert (found.cache, found.host) == (str(tmp_path / "one"), {"had_lock": True})


def test_a_cluster_that_has_changed_nothing_of_the_machine_is_known_to_its_cache_alone() -> None:
    a_record().save()
    assert record.load() == a_record()
    assert record.of_machine() is None


def test_what_is_started_while_one_of_the_processes_is_away_stays_on_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemons, "ready", lambda _: None)
    waiting = [sys.executable, "-c", "import time; time.sleep(60)"]
    a_record().start("etcd", waiting)
    with daemons.without(Cluster("none", "", pathlib.Path(), {}), "etcd"):
        guest = daemons.known().start_guest("operator", waiting, {})
    found = daemons.known()
    processes.kill([*found.daemons, guest])
    assert [each.name for each in (*found.daemons, *found.guests)] == ["etcd", "operator"]
