"""What a killed command leaves of the cluster blocks nobody, and older minors are pinned."""

import pathlib
import subprocess
import sys

import pytest

from tests.cluster import (
    build,
    bump,
    control_plane,
    lifecycle,
    locks,
    paths,
    processes,
    record,
    settings,
)


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("FORMATION_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBE_VERSION", raising=False)


def test_a_lock_is_free_when_its_holder_was_killed_even_while_what_it_started_lives_on() -> None:
    hold = (
        "import subprocess; from tests.cluster import locks\n"
        "with locks.held('part', 'building'):\n"
        "    print(subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid, flush=True)\n"
        "    input()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=paths.ROOT, text=True
    )
    with holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        assert locks.is_taken("part")
        holder.kill()
    assert processes.start_time(child) is not None
    assert not locks.is_taken("part")
    subprocess.run(["kill", str(child)], check=True)


@pytest.mark.parametrize("minor", build.older())
def test_an_older_minor_is_pinned_in_its_folder_and_told_to_serve_what_the_tests_need(
    minor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bump.folder(f"{minor}.9")
    assert folder.name == f"kubernetes-{minor}"
    assert f"\tk8s.io/kubernetes v{minor}." in (folder / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{minor}." in (folder / "go.sum").read_text()

    assert control_plane.admission_flags() == []
    monkeypatch.setenv("KUBE_VERSION", minor)
    flags = control_plane.admission_flags()
    assert f"--runtime-config=admissionregistration.k8s.io/{settings.ADMISSION[minor]}=true" in flags


def test_a_cluster_of_another_version_is_not_kept() -> None:
    wanted = build.places(build.CONTROL)
    kept = record.Record("none", "", {name: str(path) for name, path in wanted.items()})
    assert lifecycle.is_wanted(kept, "none", controllers=True)
    assert not lifecycle.is_wanted(kept, "none", controllers=False)
    other = record.Record("none", "", {**kept.binaries, "kube-apiserver": "/older/kube-apiserver"})
    assert not lifecycle.is_wanted(other, "none", controllers=True)
