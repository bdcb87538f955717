"""What shells make of what is exported: each value as it is, and nothing is run.

A tenant says what is in a Formation, and somebody else exports it.
"""

import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from formation_cli.dialects import dotenv, manifest, references, shell
from formation_cli.dialects.procfile import Exported, exported
from tests.unit import inputs
from tests.unit.cli.drawn_texts import ONE_LINE, SHELLY, TEXT, VARIABLES

BASH = ("bash", "--norc", "-o", "history", "-o", "histexpand")
SHELLS = [
    pytest.param(each, marks=pytest.mark.skipif(not shutil.which(each[0]), reason="it isn't here"))
    for each in [("sh",), ("dash",), BASH, ("bash", "--posix")]
]
FEW = inputs.tried(30)
"""Each costs a process."""
HOSTILE = [
    "hi $(touch ran)",
    "it's $(touch ran)",
    "`touch ran`",
    "it's `touch ran`",
    "'; touch ran; '",
    '"; touch ran; "',
    "it's \"; touch ran; '",
    "first line\ntouch ran",
    "\n$(touch ran)\n",
    "it's ${HOME} $HOME $$ $(",
    "it's !! !-1 !touch",
    "~root:~",
    "$HOME/$V0",
    "=ls",
    "ends with \\",
    "it's a \\",
    "it's \\' \\\" \\$ \\`",
    "# no comment",
    "a && touch ran || touch ran; touch ran & touch ran | touch ran > ran",
    "Ünïcödé ✓ 🎉 it's \x01\x7f\x1b[2J\r\t\x85\u2028",
    "\x81\x88",
    " ",
    "",
]
VALUES = st.one_of(st.sampled_from(HOSTILE), TEXT, SHELLY)
CODE = "a[$(touch ran)]"
"""Runs what is in it where a shell computes it."""


def of(env: dict[str, str]) -> Exported:
    """Export a Formation that has these variables, whatever is in them."""
    items = [{"name": name, "value": references.escaped(value)} for name, value in env.items()]
    spec = {"env": items, "processes": {"worker": {"command": ["work"]}}}
    return exported(manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml"))


def said(command: tuple[str, ...], script: str, text: str, **environment: str) -> bytes:
    """Return what a script writes in a folder where a `.env` file is, and where nothing else comes to be."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / ".env").write_bytes(text.encode())
        done = subprocess.run(
            [*command, "-c", script], cwd=folder, capture_output=True, check=True, env=environment or None
        )
        assert done.stderr == b""
        assert [each.name for each in folder.iterdir()] == [".env"]
    return done.stdout


def sourced(
    command: tuple[str, ...], text: str, names: Iterable[str], **environment: str
) -> dict[str, bytes]:
    """Return the values of variables as a shell has them that has sourced a file."""
    script = "\n".join([". ./.env", *(f"printf '%s\\0' \"${name}\"" for name in names)])
    return dict(zip(names, said(command, script, text, **environment).split(b"\0"), strict=False))


@pytest.mark.parametrize("command", SHELLS)
@FEW
@given(values=st.lists(VALUES, max_size=12))
@example(values=HOSTILE)
def test_a_value_arrives_in_a_shell_as_it_is_and_runs_nothing(
    command: tuple[str, ...], values: list[str]
) -> None:
    found = of({f"V{number}": value for number, value in enumerate(values)})
    wanted = dotenv.parse(found.env)
    arrived = sourced(command, found.env, wanted)
    assert arrived == {name: value.encode() for name, value in wanted.items()}


@given(st.dictionaries(VARIABLES, VALUES, max_size=5))
def test_a_value_comes_back_as_it_is_or_is_named(env: dict[str, str]) -> None:
    found = of(env)
    written = dotenv.parse(found.env)
    assert written == {name: env[name] for name in written}
    assert {*env} - {*written} == {each.partition(":")[0] for each in found.left_out}


def test_a_value_is_in_single_quotes_where_that_is_possible() -> None:
    env = {"A": "debug", "B": "hi $(touch ran)", "C": "it's so", "D": "a\nb", "E": "", "F": "\\d"}
    text = "A=debug\nB='hi $(touch ran)'\nC=\"it's so\"\nD='a\nb'\nE=\nF='\\d'\n"
    assert of(env).env == text


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("a.b", "x", "'a.b': not a valid variable name in a shell"),
        ("A;touch ran;B", "x", "'A;touch ran;B': not a valid variable name in a shell"),
        ("A\ntouch ran\nB", "x", "'A touch ran B': not a valid variable name in a shell"),
        ("PS4", "$(touch ran)", "PS4: a shell uses that name itself"),
        ("A", "it's $(touch ran)", "A: no line of a file gives this value to both python-dotenv and a shell"),
        ("A", "a\0b", "A: its value has a zero byte, or isn't valid UTF-8"),
        ("A", "a\ud800b", "A: its value has a zero byte, or isn't valid UTF-8"),
    ],
)
def test_what_no_line_can_say_is_left_out_and_named(name: str, value: str, reason: str) -> None:
    found = of({name: value, "B": "b"})
    assert found.env == "B=b\n"
    assert found.left_out == [reason]


@pytest.mark.skipif(not shutil.which("bash"), reason="it isn't here")
def test_no_variable_of_the_shell_itself_runs_what_it_is_given() -> None:
    known = subprocess.run(["bash", "-c", "compgen -v"], capture_output=True, check=True, text=True)
    names = [*known.stdout.split(), "HISTCMD", "SRANDOM", "EPOCHSECONDS", "PROMPT_COMMAND", "BASH_ENV"]
    text = of(dict.fromkeys(names, CODE)).env
    written = [*dotenv.parse(text)]
    assert {"IFS", "PATH"} <= {*written} < {*names}
    assert sourced(("bash",), text, written) == dict.fromkeys(written, CODE.encode())


WORDS = st.one_of(
    SHELLY, ONE_LINE, st.sampled_from(["$(x}`touch ran`${x)", "$(touch ran)", "$(PORT)", "$(A)"])
)


@pytest.mark.parametrize("command", SHELLS)
@FEW
@given(words=st.lists(WORDS, max_size=8))
@example(
    words=["$(x}`touch ran`${x)", "$(touch ran)", "$(PORT)", "$(A) $(A-$(touch ran))", "it's $HOME", "~"]
)
def test_a_line_of_a_procfile_gives_a_program_the_words_of_the_formation(
    command: tuple[str, ...], words: list[str]
) -> None:
    known = {"PORT": "5000", "A": "b c; touch ran"}
    line = shell.line(["printf", "%s\\0", "", *words], port=True)
    meant = ["", *(references.expanded(each, lambda name: known.get(name, unset(name))) for each in words)]
    assert said(command, line, "", **known) == "".join(f"{each}\0" for each in meant).encode()


def unset(name: str) -> str | None:
    """Return what a shell has of a variable that nobody has set; nothing of what is no name of one."""
    return "" if dotenv.NAME.fullmatch(name) else None
