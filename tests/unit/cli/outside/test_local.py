"""A Formation on this machine: real processes."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli import failures
from tests.unit.cli.typed import run

HERE = {**os.environ, "NO_COLOR": "1"}
DOUBLED = "".join(f", {{name: A{n}, value: $(A{n - 1})$(A{n - 1})}}" for n in range(1, 100))
BOMB = f"web: {{command: [x], env: [{{name: A0, value: ha}}{DOUBLED}]}}\n"
LINE = re.compile(r"^\d\d:\d\d:\d\d (\S+) +\| (.*)$", re.MULTILINE)


def formation(folder: pathlib.Path, processes: str, shared: str = "image: x") -> None:
    text = (
        f"kind: Formation\nmetadata: {{name: shop}}\nspec:\n{textwrap.indent(shared, '  ')}\n  processes:\n"
    )
    (folder / "formation.yaml").write_text(text + textwrap.indent(textwrap.dedent(processes), "    "))


def local(*words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "formation_cli", "local", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**HERE, **env},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def lines(output: str) -> list[tuple[str, str]]:
    return [(name, text) for name, text in LINE.findall(output) if name != "system"]


def test_each_process_has_its_name_its_port_and_the_formation_s_environment(folder: pathlib.Path) -> None:
    # When one ends all end, so none does before all have written.
    together = "touch $PS; until [ -e web.1 ] && [ -e web.2 ] && [ -e worker.1 ]; do sleep 0.1; done"
    echo = f"[/bin/sh, -c, \"echo $PORT $PS $PROCESS_TYPE $(COLOUR) $SHADE '$$(SHADE)'; {together}\"]"
    formation(
        folder,
        f"""
        web: {{command: {echo}, replicas: 2, port: 8080}}
        idle: {{command: {echo}, replicas: 0}}
        worker: {{command: {echo}, env: [{{name: SHADE, value: "dark $(COLOUR)"}}]}}
        """,
        "image: x\nenv: [{name: COLOUR, value: blue}, {name: SHADE, value: none}]",
    )
    done = local()
    assert sorted(lines(done.stdout)) == [
        ("web.1", "5000 web.1 web blue none $(SHADE)"),
        ("web.2", "5001 web.2 web blue none $(SHADE)"),
        ("worker.1", "5200 worker.1 worker blue dark blue $(SHADE)"),
    ]


def test_a_type_or_a_release_that_runs_its_image_as_it_is_is_left_out_and_named(folder: pathlib.Path) -> None:
    echo = "[/bin/sh, -c, 'echo $PORT']"
    types = f"web: {{}}\napi: {{args: [serve]}}\nworker: {{command: {echo}}}\n"
    formation(folder, types, "image: x\nrelease: {args: [migrate]}")
    done = local()
    assert lines(done.stdout) == [("worker.1", "5200")]
    assert done.stderr.splitlines() == [
        f"Left out: {name} runs the program of its image, which isn't in the Formation"
        for name in ("web", "api", "release")
    ]
    assert "web" not in local("-m", "web=0,api=0").stderr


def test_counts_and_variables_can_be_others_here(folder: pathlib.Path) -> None:
    formation(
        folder,
        """
        web: {command: [/bin/sh, -c, "echo $PORT $(URL) $HOST; sleep 0.5"], env: [{name: URL, value: "http://$(HOST)"}]}
        worker: {command: [work]}
        """,
        "image: x\nenv: [{name: HOST, value: cluster}]",
    )
    (folder / ".env").write_text("HOST=localhost\nPORT=7000\n")
    done = local("-m", "all=0,web=1")
    assert lines(done.stdout) == [("web.1", "7000 http://localhost localhost")]


def test_what_only_the_cluster_knows_is_named_unless_it_is_given(folder: pathlib.Path) -> None:
    formation(
        folder,
        """
        web:
          command: [echo, $(SECRET), $(OTHER)]
          env:
            - {name: SECRET, valueFrom: {secretKeyRef: {name: keys, key: k}}}
            - {name: OTHER, valueFrom: {secretKeyRef: {name: keys, key: o}}}
        """,
    )
    done = local(OTHER="from outside")
    assert "Not set here, but in the cluster: web: SECRET. Set it with --env." in done.stderr
    assert "OTHER" not in done.stderr
    assert lines(done.stdout) == [("web.1", "$(SECRET) from outside")]


def test_words_of_a_command_reach_the_program_as_they_are(folder: pathlib.Path) -> None:
    formation(folder, """web: {command: [printf, "<%s>", "a b", "$HOME", "`id`", "it's; exit 3"]}\n""")
    assert lines(local().stdout) == [("web.1", "<a b><$HOME><`id`><it's; exit 3>")]


def test_when_one_ends_all_end_and_its_exit_code_is_ours(folder: pathlib.Path) -> None:
    formation(
        folder,
        """
        web: {command: [sleep, "600"]}
        worker: {command: [/bin/sh, -c, "sleep 0.3; exit 3"]}
        """,
    )
    done = local(code=3)
    assert "sending SIGTERM to web.1" in done.stdout


def test_a_program_that_there_is_not_ends_it(folder: pathlib.Path) -> None:
    formation(folder, "web: {command: [no-such-program]}\n")
    local(code=127)


def begun() -> subprocess.Popen[str]:
    """Start it, and go on."""
    command = [sys.executable, "-m", "formation_cli", "local"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=HERE)


def until(process: subprocess.Popen[str], word: str, times: int = 1) -> None:
    """Read what is written until a word has come so many times."""
    assert process.stdout is not None
    seen = ""
    while seen.count(word) < times:
        seen += process.stdout.readline()


@pytest.fixture
def started(folder: pathlib.Path) -> Iterator[subprocess.Popen[str]]:
    """A process that ends two seconds after SIGTERM, and one that never does and has one second."""
    slow = "trap 'sleep 2; echo finished; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    formation(
        folder,
        f"""
        slow: {{command: [/bin/sh, -c, "{slow}"], terminationGracePeriodSeconds: 20}}
        deaf: {{command: [/bin/sh, -c, "{deaf}"], terminationGracePeriodSeconds: 1}}
        """,
    )
    with begun() as process:
        yield process
        process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_each_process_has_its_own_time_to_stop(
    started: subprocess.Popen[str], number: signal.Signals, code: int
) -> None:
    until(started, "| up", 2)
    started.send_signal(number)
    rest, _ = started.communicate(timeout=60)
    assert started.returncode == code
    assert "sending SIGKILL to deaf.1" in rest
    assert "sending SIGKILL to slow.1" not in rest
    assert ("slow.1", "finished") in lines(rest)


def test_a_second_ctrl_c_kills_what_still_runs(folder: pathlib.Path) -> None:
    formation(
        folder, "deaf: {command: [/bin/sh, -c, \"trap '' TERM; echo up; while :; do sleep 1; done\"]}\n"
    )
    with begun() as process:
        until(process, "| up")
        process.send_signal(signal.SIGINT)
        until(process, "sending SIGTERM to deaf.1")
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert "sending SIGKILL to deaf.1" in process.stdout.readline()  # in place of 30 seconds later
        process.communicate(timeout=60)
    assert process.returncode == 130


SAYS = "echo $MODE $LEVEL $PROCESS_TYPE; "
RELEASE = f"image: x\nenv: [{{name: MODE, value: fast}}]\nrelease: {{command: [/bin/sh, -c, '{SAYS}"


def test_the_release_command_runs_before_the_processes_and_that_is_said(folder: pathlib.Path) -> None:
    shared = RELEASE + "touch released'], env: [{name: LEVEL, value: high}]}"
    formation(folder, "web: {command: [ls, released]}\n", shared)
    done = local()
    assert lines(done.stdout) == [("release", "fast high release"), ("web.1", "released")]
    assert done.stderr == "The release command runs first, as before a deploy.\n"


def test_where_the_release_command_fails_no_process_is_started(folder: pathlib.Path) -> None:
    formation(folder, "web: {command: [touch, started]}\n", RELEASE + "exit 3']}")
    done = local(code=3)
    assert done.stderr.splitlines()[-1] == "The release command exited with code 3, so no process is started."
    assert not (folder / "started").exists()
    local("web")
    assert (folder / "started").exists()


def test_ctrl_c_before_anything_has_started_leaves_nothing_behind(folder: pathlib.Path) -> None:
    marker = f"61{os.getpid()}"
    formation(folder, f"web: {{command: [sleep, '{marker}'], replicas: 5}}\n")
    with begun() as process:
        assert process.stdout is not None
        process.stdout.readline()  # the first of five has started
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert left(marker) == []


def test_when_nobody_reads_any_more_nothing_is_left_behind(folder: pathlib.Path) -> None:
    marker = f"62{os.getpid()}"
    talks = f"while :; do echo {marker}; sleep 0.1; done"
    formation(folder, f"web: {{command: [/bin/sh, -c, '{talks}']}}\n")
    with begun() as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=60)
    assert left(marker) == []


def left(marker: str) -> list[pathlib.Path]:
    """Return the processes that have a word in their command line."""
    return [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if marker in _text(path)]


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


REFUSED = {
    "without a program": ("web: {args: [serve]}\n", ""),
    "chosen without a program": ("web: {}\nworker: {command: [x]}\n", "-m web=1"),
    "the only one without a program": ("web: {}\nworker: {command: [x]}\n", "-m worker=0"),
    "too many": ("web: {command: [x], replicas: 101}\n", ""),
    "none": ("web: {command: [x], replicas: 0}\n", ""),
    "a count of another": ("web: {command: [x]}\n", "-m wob=1"),
    "another": ("web: {command: [x]}\n", "wob"),
    "a zero byte": ('web: {command: ["a\\0b"]}\n', ""),
    "half of a character": ('web: {command: ["a\\ud800b"]}\n', ""),
    "an equals sign": ('web: {command: [x], env: [{name: "A=B", value: "1"}]}\n', ""),
    "a text that grows": (BOMB, ""),
    "a long word": (f"web: {{command: [x, {'y' * 140_000}]}}\n", ""),
}


@pytest.mark.parametrize(("processes", "words"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_run_here_is_refused(
    folder: pathlib.Path, processes: str, words: str, snapshot: SnapshotAssertion
) -> None:
    formation(folder, processes)
    assert run(f"local {words}", failures.MISTYPED).stderr.splitlines()[-2:] == snapshot
