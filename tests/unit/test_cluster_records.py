"""What a real node changes is recorded where a command with another cache finds it, too."""

import pathlib

import pytest

from tests.cluster import paths, record


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
