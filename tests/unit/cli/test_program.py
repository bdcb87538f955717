"""The program as it is typed, before any cluster is asked."""

import contextlib
import functools
import os
import pathlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from formation_cli import cluster_options, command_table, completion, failures, options
from formation_cli.program import INSTEAD, program
from tests.unit.cli import kubectls
from tests.unit.cli.typed import run


@pytest.fixture(autouse=True)
def nowhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster is in reach."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    kubectls.install(tmp_path, monkeypatch, "echo 'error: there is no configuration' >&2; exit 1")


Server = Callable[[str], None]


@pytest.fixture
def at(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Have a kubeconfig with an address."""

    def reach(server: str) -> None:
        kubectls.install(tmp_path, monkeypatch, kubectls.viewing(kubectls.a_config(server=server)))

    return reach


def test_a_letter_that_the_locale_does_not_have_is_written_as_its_number(tmp_path: pathlib.Path) -> None:
    (tmp_path / "Procfile").write_text("web: echo \u2192\n")
    words = ["import", "procfile", "Procfile", "--image=a"]
    command = [sys.executable, "-m", "formation_cli", *words, "-o", "json"]
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, cwd=tmp_path, env=latin, capture_output=True, check=True)
    assert b"\\u2192" in done.stdout


def test_help_is_a_word_too() -> None:
    assert run("help").output == run("--help").output
    assert run("help import heroku").output == run("import heroku --help").output


def with_those_below(command: click.Command | None) -> Iterator[click.Command]:
    """Yield a command, and all those below it."""
    assert command is not None
    yield command
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from with_those_below(below)


def commands_of(name: str) -> Iterator[click.Command]:
    """Yield a command of the program, and all those below it."""
    return with_those_below(program.get_command(click.Context(program), name))


@pytest.mark.parametrize("name", command_table.ENTRIES)
def test_each_option_says_what_it_is_for(name: str) -> None:
    params = (each for command in commands_of(name) for each in command.params)
    options_here = [each for each in params if isinstance(each, click.Option)]
    assert not [each.name for each in options_here if not each.hidden and not each.help]


@pytest.mark.parametrize("name", command_table.ENTRIES)
def test_each_example_is_of_its_command(name: str) -> None:
    helps = (CliRunner().invoke(each, ["--help"]).output for each in commands_of(name))
    examples = [line for text in helps for line in text.partition("Examples:\n")[2].splitlines()]
    assert {line.split()[2] for line in examples} == {name}


def test_a_command_that_is_mistyped_is_guessed() -> None:
    assert "Did you mean 'scale'?" in run("sclae shop", failures.MISTYPED).output


def test_what_others_call_it_is_no_command_of_ours_and_leads_to_what_does_it(
    snapshot: SnapshotAssertion,
) -> None:
    others = [*INSTEAD, "config:set"]
    assert {word: run(word, failures.MISTYPED).stderr.splitlines()[-1] for word in others} == snapshot


@pytest.mark.parametrize("words", ["import procfile Procfile --image=a", "--help"])
@pytest.mark.parametrize(
    ("reader", "code", "said"),
    [
        ("> /dev/full", failures.FAILED, "Error: The output can't be written: no space is left.\n"),
        ("| (exec <&-; sleep 1)", failures.BROKEN_PIPE, ""),
    ],
)
def test_output_that_nobody_takes_ends_it_without_a_trace(
    tmp_path: pathlib.Path, reader: str, code: int, said: str, words: str
) -> None:
    (tmp_path / "Procfile").write_text("web: echo\n")
    plugin = f"{sys.executable} -m formation_cli {words}"
    script = f"{{ {plugin}; echo $? > code; }} {reader}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (tmp_path / "code").read_text() == f"{code}\n"
    assert done.stderr == said


def test_the_key_tab_completes_contexts(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectls.install(tmp_path, monkeypatch, "printf 'staging\\nproduction\\n'")
    assert completion.answer(["ps", "--context"], "st") == ["staging", ":4"]
    kubectls.install(tmp_path, monkeypatch, "exit 1")
    assert completion.answer(["ps", "--context"], "") == [":4"]


@pytest.mark.parametrize("words", ["web=5", "worker+1 web=2"])
def test_who_scales_without_a_name_is_asked_for_it(at: Server, words: str) -> None:
    at("https://127.0.0.1:1")
    stderr = run(f"scale {words}", failures.MISTYPED).stderr
    assert stderr.endswith(f"kubectl formation scale NAME {words}\n")


@pytest.mark.parametrize("command", ["run", "exec"])
def test_an_option_of_the_command_that_is_started_comes_after_dashes(command: str) -> None:
    assert "write -- before the command" in run(f"{command} shop ls -l", failures.OURS).stderr
    assert "write --" not in run(f"{command} shop -l -- ls", failures.OURS).stderr


def test_without_a_kubeconfig_one_is_asked_for() -> None:
    output = run("ps --kubeconfig /nowhere/config", failures.NO_ACCESS).output
    assert "There is no file /nowhere/config." in output
    assert "Name a kubeconfig with --kubeconfig or $KUBECONFIG" in output


def test_a_cluster_that_does_not_answer_is_named(at: Server) -> None:
    at("http://127.0.0.1:1")
    output = run("ps", failures.NO_ACCESS).output
    assert "The cluster at 127.0.0.1:1 doesn't answer: Connection refused" in output


def test_kubectl_completes_the_commands() -> None:
    assert completion.answer([], "sta") == ["start\tStart all processes again, with the same counts", ":4"]


def test_a_file_is_completed_by_the_shell() -> None:
    assert completion.answer(["diff", "-f"], "") == [":0"]


def test_where_no_cluster_answers_nothing_is_completed() -> None:
    assert completion.answer(["ps"], "") == [":4"]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, at: Server) -> Iterator[socket.socket]:
    """A server that answers nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        at(f"http://127.0.0.1:{server.getsockname()[1]}")
        yield server


def asked(server: socket.socket) -> int:
    """Return how many connections were made."""
    server.setblocking(False)
    number = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            number += 1
    return number


def test_a_request_that_nobody_answers_is_sent_once(
    silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_options, "connect", functools.partial(cluster_options.connect, timeout=1.0))
    monkeypatch.setattr(options, "connect", cluster_options.connect)
    run("ps", failures.NO_ACCESS)
    assert asked(silent) == 1


def test_who_presses_tab_does_not_wait_for_long(
    silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_options, "AT_ONCE", 1.0)
    assert completion.answer(["ps"], "") == [":4"]
    assert completion.answer(["logs", "shop"], "") == [":4"]
    assert asked(silent) == 2
