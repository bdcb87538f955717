import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_cli.dialects import references, shell
from tests.unit import inputs
from tests.unit.cli.drawn_texts import ONE_LINE, SHELLY

COMMANDS = st.lists(ONE_LINE, min_size=1, max_size=4).filter(lambda words: bool(words[0]))


def as_sh_reads(line: str) -> list[str]:
    done = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, env={}
    )
    return done.stdout.decode().split("\0")[:-1]


def as_kubernetes_gives(words: list[str]) -> list[str]:
    return [references.expanded(word, lambda _: None) for word in words]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exec gunicorn app:app", ["gunicorn", "app:app"]),
        ("celery -A 'my app' worker", ["celery", "-A", "my app", "worker"]),
        ("serve -p $PORT", ["serve", "-p", "$(PORT)"]),
        ('serve -b "0.0.0.0:${PORT}"', ["serve", "-b", "0.0.0.0:$(PORT)"]),
        ("serve '$PORT'", ["serve", "$PORT"]),
        ("serve -p $PORTS", ["/bin/sh", "-c", "exec serve -p $PORTS"]),
        ("cd app && serve", ["/bin/sh", "-c", "cd app && serve"]),
        ("A=1 serve", ["/bin/sh", "-c", "A=1 serve"]),
        ("exec -a name serve", ["/bin/sh", "-c", "exec -a name serve"]),
        ("echo $(id) $$", ["/bin/sh", "-c", "echo $$(id) $$$"]),
    ],
)
def test_a_line_becomes_words_and_a_shell_only_where_one_is_needed(line: str, words: list[str]) -> None:
    assert shell.words(line, port=True) == words


@inputs.tried(60)
@given(COMMANDS)
def test_a_line_means_the_same_words_to_a_real_shell(words: list[str]) -> None:
    line = shell.line([references.escaped(word) for word in words], port=False)
    assert as_sh_reads(line) == words


@inputs.tried(150)
@given(SHELLY)
def test_what_needs_no_shell_is_split_as_a_real_one_does(line: str) -> None:
    try:
        words = shell.words(line, port=False)
    except ValueError:
        return
    if words[:2] != [*shell.SHELL] and line.strip() and not line.strip().startswith("exec "):
        assert as_sh_reads(line.strip()) == as_kubernetes_gives(words)


@given(st.booleans(), COMMANDS)
def test_words_that_a_line_can_say_come_back(port: bool, words: list[str]) -> None:
    line = shell.line([references.escaped(word) for word in words], port=port)
    if shell.words(line, port=port) != [references.escaped(word) for word in words]:
        assert words[0] in shell.BUILT_IN or "=" in words[0] or words[0].startswith("exec ")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("$(A)", "1"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("$(B) $A", "$(B) $A"), ("$(A $$", "$(A $")],
)
def test_names_are_replaced_as_kubernetes_does(text: str, meant: str) -> None:
    assert references.expanded(text, {"A": "1"}.get) == meant
