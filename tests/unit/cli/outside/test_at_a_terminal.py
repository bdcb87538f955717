"""Commands without a cluster as a person types them, at a terminal."""

import os
import pathlib
import re
import sys

import pytest

from formation_cli import failures
from tests.shared.terminal import Terminal, plain

HERE = {**os.environ, "TERM": "xterm-256color", "KUBECONFIG": "/nowhere"}
IMAGE = ("--image", "registry.example.com/shop:v1")
COLOURED = re.compile(r"\x1b\[[0-9;]*m")


FILES = {"Procfile": "web: echo $PORT\n"}


def typed(*words: str, code: int = 0, answer: str = "", **environment: str) -> str:
    command = [sys.executable, "-m", "formation_cli", *words]
    with Terminal(command, HERE | environment) as terminal:
        terminal.press(answer)
    assert terminal.code == code, terminal.sent
    assert terminal.is_as_before
    return terminal.sent


def test_a_procfile_becomes_a_formation_that_runs_and_goes_out_again(folder: pathlib.Path) -> None:
    assert typed("init", *IMAGE) == "formation.yaml: Formation my-shop\n"
    assert "kind: Formation\n" in typed("import", "procfile", *IMAGE)
    assert "web: echo ${PORT}\n" in typed("export", "procfile", "-f", "formation.yaml")
    assert '"type": "web"' in typed("export", "heroku", "-f", "formation.yaml")
    assert "[Install]\n" in typed("export", "systemd", "-f", "formation.yaml")


def test_what_runs_here_has_colours_unless_somebody_wants_none(folder: pathlib.Path) -> None:
    typed("init", *IMAGE)
    shown = typed("local")
    assert "| 5000" in plain(shown)
    assert COLOURED.search(shown)
    assert not COLOURED.search(typed("local", NO_COLOR="1"))
    assert COLOURED.search(typed("local", NO_COLOR=""))


def test_an_error_is_red_unless_somebody_wants_no_colours() -> None:
    assert "\x1b[31m" in typed("ps", code=failures.NO_ACCESS)
    assert not COLOURED.search(typed("ps", code=failures.NO_ACCESS, NO_COLOR="1"))


def test_help_is_what_is_typed_alone() -> None:
    assert typed("--help").startswith("Usage: kubectl formation ")


@pytest.mark.parametrize(
    ("answer", "secret"),
    [("\n", "TOKEN"), ("MODE, TOKEN\n", "MODE TOKEN"), ("TKEN\nTOKEN\n", "TOKEN"), ("-\n", "")],
)
def test_whoever_has_a_file_of_variables_is_asked_which_are_secret(
    folder: pathlib.Path, answer: str, secret: str
) -> None:
    (folder / ".env").write_text("MODE=fast\nTOKEN=hunter2\n")
    shown = typed("init", *IMAGE, "--env", ".env", answer=answer)
    written = (folder / "formation.yaml").read_text()
    assert [name for name in ("MODE", "TOKEN") if f"name: {name}\n" not in written] == secret.split()
    assert ("There is no variable 'TKEN'. Did you mean TOKEN?" in shown) == answer.startswith("TKEN")
    makes_it = f"import secret my-shop-settings --env .env {secret} | kubectl apply -f -\n"
    assert (makes_it in shown) == bool(secret)


def test_whoever_answers_nothing_but_the_end_has_written_nothing(folder: pathlib.Path) -> None:
    (folder / ".env").write_text("TOKEN=hunter2\n")
    typed("init", *IMAGE, "--env", ".env", answer="\x04", code=failures.INTERRUPTED)  # Ctrl-D
    assert not (folder / "formation.yaml").exists()
