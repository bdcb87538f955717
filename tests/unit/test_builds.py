"""Parts are built once, whoever asks for them at once, and a build says every few seconds that it goes on."""

import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.cluster import (
    build,
    bump,
    control_plane,
    golang,
    images,
    lifecycle,
    locks,
    paths,
    processes,
    progress,
    record,
    settings,
)
from tests.cluster.errors import ClusterError
from tests.images import ahead, workshop

TOOLS = build.Module("cni", {"bridge": "example.com/main/bridge", "portmap": "example.com/meta/portmap"})
SERVER = build.Module("etcd", {"etcd": "example.com/server/v3"})
# What `go build -o OUTPUT PACKAGE...` does: a file named so, or one for each package in a folder named so.
# It goes on when its headway was shown, or after a minute.
GO = """#!/bin/sh
cd {folder}
echo "$@" >> calls
while [ "$1" != -o ]; do shift; done
output=$2; shift 2
until_shown() {{ for i in $(seq 1200); do [ -e "$1" ] && return; sleep 0.05; done; }}
echo "go: downloading example.com/a v1.0.0" >&2
echo "go: downloading example.com/b v1.0.0" >&2
until_shown fetching
echo "example.com/a" >&2
until_shown compiling
[ ! -e error ] || {{ cat error >&2; exit 1; }}
if [ -d "$output" ]; then for package; do touch "$output/${{package##*/}}"; done; else touch "$output"; fi
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A cache of the test's own."""
    monkeypatch.setenv("FORMATION_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBE_BIN_DIR", raising=False)
    monkeypatch.delenv("KUBE_VERSION", raising=False)
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def shown(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is shown, in quick succession; the fake Go is told."""
    messages: list[str] = []

    def step(message: str) -> None:
        messages.append(message)
        for word in ("fetching", "compiling"):
            if word in message:
                (tmp_path / word).touch()

    monkeypatch.setattr(progress, "EVERY", 0.05)
    monkeypatch.setattr(progress, "step", step)
    return messages


@pytest.fixture
def go(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A fake Go: the file that lists its calls; it fails with what a file ``error`` beside that says."""
    program = tmp_path / "go"
    program.write_text(GO.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setattr(golang, "find", lambda: str(program))
    return tmp_path / "calls"


def at_once(*calls: Callable[[], object]) -> None:
    """Do all of it at the same time, and wait for the end."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_until(check: Callable[[], bool]) -> None:
    """Wait until a check holds; fail if it never does."""
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_build_says_every_few_seconds_what_is_built_and_how_far_it_is(
    go: pathlib.Path, shown: list[str]
) -> None:
    build.ensure((TOOLS,))
    assert shown[0] == "building cni, once: bridge, portmap"
    assert "building cni ... (fetching modules: 2 so far)" in shown
    assert "building cni ... (compiling packages: 1 so far)" in shown
    assert shown[-1].startswith("cni is built, in ")


def test_a_build_that_fails_shows_the_end_of_its_log(
    go: pathlib.Path, cache: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    go.with_name("error").write_text("undefined: Mistake")
    with pytest.raises(ClusterError, match=r"go-etcd.log:(?s:.*)example.com/a\n +undefined: Mistake$"):
        build.ensure((SERVER,))
    assert "downloading" not in capfd.readouterr().err
    assert not (SERVER.binaries() / "etcd").exists()


def test_all_commands_of_a_module_are_built_in_one_go(go: pathlib.Path) -> None:
    half = build.Module("cni", {"bridge": "example.com/main/bridge"})
    other = build.Module("cni", {"portmap": "example.com/meta/portmap"})
    found = build.ensure((half, SERVER, other))
    assert sorted(found) == ["bridge", "etcd", "portmap"]
    assert all(path.is_file() for path in found.values())
    assert len(go.read_text().splitlines()) == 2


def test_what_several_ask_for_at_once_is_built_once(go: pathlib.Path) -> None:
    at_once(*[lambda: build.ensure((TOOLS,))] * 3)
    assert len(go.read_text().splitlines()) == 1


def test_who_waits_for_the_build_of_another_process_says_how_far_that_is(
    go: pathlib.Path, shown: list[str]
) -> None:
    log = golang.log_of("cni")
    log.parent.mkdir(parents=True)
    log.write_text("go: downloading example.com/a v1.0.0\n")
    waiting = threading.Thread(target=build.ensure, args=((TOOLS,),))
    with locks.held(build.lock(TOOLS), "building cni"):
        waiting.start()
        line = "waiting for another process: building cni ... (fetching modules: 1 so far)"
        wait_until(lambda: line in shown)
        assert not go.exists()
    waiting.join()


def test_what_another_process_builds_is_left_for_last(go: pathlib.Path) -> None:
    asking = threading.Thread(target=build.ensure, args=((SERVER, TOOLS),))
    with locks.held(build.lock(SERVER), "building etcd"):
        asking.start()
        wait_until((TOOLS.binaries() / "portmap").exists)
    asking.join()
    assert [line.rsplit("/", 1)[-1] for line in go.read_text().splitlines()] == ["portmap", "v3"]


def test_what_a_killed_build_has_left_is_removed(go: pathlib.Path) -> None:
    left = TOOLS.binaries() / ".building-1"
    left.mkdir(parents=True)
    (left / "bridge").touch()
    build.ensure((TOOLS,))
    assert sorted(path.name for path in TOOLS.binaries().iterdir()) == ["bridge", "portmap"]


def test_an_image_that_several_ask_for_at_once_is_made_once() -> None:
    made: list[pathlib.Path] = []

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        made.append(target)
        time.sleep(0.2)
        target.touch()

    at_once(*[lambda: workshop.once("shop", "key", make)] * 3)
    assert len(made) == 1


def test_an_image_of_a_folder_is_whole_for_all_who_ask_at_once(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").write_bytes(b"x" * 5_000_000)
    image = images.Image("formations.dev/web:1")
    sizes: set[int] = set()
    at_once(*[lambda: sizes.add(images.from_folder(root, image).stat().st_size)] * 3)
    assert len(sizes) == 1
    assert min(sizes) > 5_000_000


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


def test_nobody_else_can_open_the_lock_of_the_machine_and_nothing_of_it_stays(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RUN", tmp_path)
    with locks.machine_held("starting a cluster"):
        assert paths.machine_lock().stat().st_mode & 0o777 == 0o600
    assert not paths.machine_lock().exists()


def test_of_several_who_change_the_machine_one_does_at_a_time(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RUN", tmp_path)
    present, counted = list[None](), list[int]()

    def change() -> None:
        for _ in range(20):
            with locks.machine_held("starting a cluster"):
                present.append(None)
                time.sleep(0.001)
                counted.append(len(present))
                present.pop()

    at_once(*[change] * 4)
    assert counted == [1] * 80


def test_of_what_is_done_for_something_else_only_the_innermost_is_shown(shown: list[str]) -> None:
    with progress.patiently("building the image"):
        with progress.patiently("installing packages"):
            wait_until(lambda: shown[-8:] == ["installing packages ..."] * 8)
        wait_until(lambda: shown[-1] == "building the image ...")


# Older minors of Kubernetes

ASK = (
    "from tests.cluster import build; print(build.CONTROL_PLANE.binaries(), build.NODE.name, build.ETCD.name)"
)


def asked(minor: str) -> subprocess.CompletedProcess[str]:
    """Ask, with a minor chosen, what would be built and where."""
    environment = {**os.environ, "KUBE_VERSION": minor}
    return subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=paths.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_of_an_older_minor_only_kubernetes_itself_is_built_and_kept_by_its_own_key() -> None:
    binaries, node, etcd = asked("1.32").stdout.split()
    assert pathlib.Path(binaries).name.startswith("kubernetes-1.32-")
    assert (node, etcd) == ("kubernetes-1.32", "etcd")


def test_who_asks_for_a_minor_that_is_not_pinned_is_told_which_are() -> None:
    assert f"of older minors there are {', '.join(build.older())}" in asked("1.5").stderr


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


# Building ahead of the tests


def test_a_part_that_cannot_be_built_keeps_no_other_from_being_built(
    capsys: pytest.CaptureFixture[str],
) -> None:
    built = []

    def fail() -> None:
        raise ClusterError("no debootstrap here")

    ahead.build_all([("base", fail), ("shop", lambda: built.append("shop"))])
    assert built == ["shop"]
    assert capsys.readouterr().out == "base: no debootstrap here\n"


SUPERVISOR = """
import pathlib, signal, sys
from tests.images import ahead
signal.signal(signal.SIGTERM, ahead.leave)
sys.exit(ahead.supervise(["sh", "-c", "sleep 60 & echo $$ $!; wait"], pathlib.Path(sys.argv[1])))
"""


@pytest.mark.parametrize("how", ["its parent is gone", "it is asked to"])
def test_building_ahead_ends_with_all_that_it_started_when(how: str, tmp_path: pathlib.Path) -> None:
    log = tmp_path / "ahead.log"
    parent = subprocess.Popen(
        ["sh", "-c", '"$@" & echo $!; wait', "sh", sys.executable, "-c", SUPERVISOR, str(log)],
        cwd=paths.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        supervisor = int(parent.stdout.readline())
        wait_until(lambda: log.is_file() and len(log.read_text().split()) == 2)
        started = [supervisor, *map(int, log.read_text().split())]
        assert all(processes.start_time(pid) is not None for pid in started)
        if how == "its parent is gone":
            parent.kill()
        else:
            subprocess.run(["kill", "-TERM", str(supervisor)], check=True)
        wait_until(lambda: all(processes.start_time(pid) is None for pid in started))
