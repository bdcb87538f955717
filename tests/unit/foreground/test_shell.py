"""What a shell's script ends with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.foreground import shell

End = tuple[list[str], bool]


def last(*command: str) -> End:
    return [*command], False


def behind(*command: str) -> End:
    return [*command], True


ENDS = {
    "one command": ("gunicorn shop.wsgi", last("gunicorn", "shop.wsgi")),
    "the last of several": ("cd /app; migrate && serve -v\n", last("serve", "-v")),
    "a trailing &": ("serve &", behind("serve")),
    "the last of two that both go behind": ("web & worker &", behind("worker")),
    "a pipe that goes behind": ("serve | tee log &", behind("tee", "log")),
    "one in front, and a word": ("serve; echo done", last("echo", "done")),
    "what Kubernetes fills in": ("serve --bind :$(PORT) &", behind("serve", "--bind", ":$")),
    "one behind and one in front": ("helper & exec serve", last("exec", "serve")),
    "output sent elsewhere": ("serve >log 2>&1", last("serve", ">", "log", "2", ">&", "1")),
    "all output sent elsewhere, and behind": ("serve &> log &", behind("serve", "&>", "log")),
    "an & in quotes": ("""serve "a & b" 'c;'""", last("serve", "a & b", "c;")),
    "a line that is continued": ("serve \\\n  -v", last("serve", "-v")),
    "words put together": ("""serve --name='a b'"c"d""", last("serve", "--name=a bcd")),
    "a variable": ('serve --bind ":${PORT}"', last("serve", "--bind", ":${PORT}")),
    "a word that begins like one of the shell's own": ("wait-for-db && serve", last("serve")),
}
SILENT = {
    "nothing": "",
    "a comment behind": "serve & # wait",
    "an & that is a word in quotes": "serve '&'",
    "a list of which the last runs after a failure": "serve || cron &",
    "a wait": "web & worker & wait",
    "a wait that a trap does": "trap wait EXIT; serve &",
    "a wait through eval": "serve & eval wait",
    "a loop": "while true; do serve; done &",
    "a condition": "if ready; then serve & fi",
    "a group": "{ serve; } &",
    "a function": "f() { serve & }; f",
    "a here-document": "cat <<END\nserve &\nEND",
    "a substitution": 'serve --name "$(hostname)" &',
    "a variable of Kubernetes": "serve $(OPTIONS) &",
    "a process's output as a file": "serve <(options) &",
    "a quote without an end": "serve 'a &",
    "setsid, which forks in some shells only": "cd /app; setsid serve",
}
SCRIPTS = {
    "sh": (["sh", "-c", "serve &"], "serve &"),
    "options before": (["bash", "-e", "-u", "-c", "serve"], "serve"),
    "an option that is named": (["bash", "-euo", "pipefail", "-c", "serve"], "serve"),
    "the end of the options": (["bash", "-c", "--", "serve"], "serve"),
    "a file after the end of the options": (["bash", "--", "-c", "serve"], None),
    "arguments behind it": (["sh", "-c", "serve $1", "sh", "web"], "serve $1"),
    "another program": (["serve", "-c", "x &"], None),
    "no script": (["sh", "-c"], None),
    "nothing": ([], None),
}


@pytest.mark.parametrize(("script", "end"), ENDS.values(), ids=ENDS)
def test_the_end_of_a_script_is_its_last_command(script: str, end: End) -> None:
    assert shell.end(script) == end


@pytest.mark.parametrize("script", SILENT.values(), ids=SILENT)
def test_nothing_is_said_of_a_script_that_is_not_plain(script: str) -> None:
    assert shell.end(script) == last()


@pytest.mark.parametrize(("command", "script"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_what_a_shell_is_given_to_read(command: list[str], script: str | None) -> None:
    assert shell.script(command) == script


@given(st.text(alphabet="a &;|<>()'\"\\#$`\n{}2"))
def test_any_script_is_read_to_its_end(script: str) -> None:
    command, _ = shell.end(script)
    assert all(isinstance(word, str) for word in command)


@given(st.lists(st.text(alphabet='ab&;|<>" \n{}', min_size=1), min_size=1, max_size=5))
def test_quoted_words_come_back_as_they_were_or_nothing_does(words: list[str]) -> None:
    script = " ".join(f"'{word}'" for word in ["serve", *words])
    assert shell.end(script) in (last("serve", *words), last())
