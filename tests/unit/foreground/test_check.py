"""Which commands are warned about, in which words, and which are right."""

import shlex
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.foreground import check, shell
from formation_operator.foreground.programs import TABLE
from tests.unit.commands import RIGHT, WARNED

WAYS_OUT = {
    "php-fpm": "php-fpm: add -F (--nodaemonize) to its command, or daemonize = no to its configuration",
    "supervisord -c s.conf": "supervisord: add -n (--nodaemon) to its command, or nodaemon=true",
    "redis-server /etc/redis.conf": "redis-server: take --daemonize yes out of its command",
    "sh -c 'exec php-fpm'": "php-fpm: add -F (--nodaemonize) to its command",
    "sh -c 'serve &'": "its last command: remove the & behind it",
    "gunicorn -c g.py": "gunicorn: take -D (--daemon) out of its command, and daemon out",
}


@pytest.mark.parametrize(("command", "said"), WARNED.items(), ids=WARNED)
def test_a_command_that_leaves_the_foreground_is_warned_about(command: str, said: str) -> None:
    assert (check.finding(shlex.split(command)) or "").startswith(said)


@pytest.mark.parametrize("command", RIGHT)
def test_nothing_is_said_of_a_command_that_is_right_or_not_plain(command: str) -> None:
    assert check.finding(shlex.split(command)) is None


@pytest.mark.parametrize(("command", "said"), WAYS_OUT.items(), ids=WAYS_OUT)
def test_a_process_that_has_left_is_told_the_way_out_if_its_program_is_known(command: str, said: str) -> None:
    assert (check.way_out(shlex.split(command)) or "").startswith(said)


NO_WAY_OUT = [
    "serve",
    "",
    "sh -c 'while true; do serve; done'",
    "apache2 -D FOREGROUND",
    "nginx -g 'daemon off;'",
    "php-fpm -F",
    "sshd -D",
    "supervisord -n",
    "dnsmasq -k",
    "celery -A shop worker",
    "memcached -u nobody",
    "rails server",
]


@pytest.mark.parametrize("command", NO_WAY_OUT)
def test_no_way_out_is_made_up(command: str) -> None:
    assert check.way_out(shlex.split(command)) is None


def test_each_type_is_named_in_order() -> None:
    commands = {"web": ["cron"], "worker": ["serve"], "clock": ["rsyslogd"]}
    assert [text.split(":")[0] for text in check.warnings(commands)] == ["clock", "web"]


WORDS = st.one_of(
    st.sampled_from(
        [*TABLE, "sh", "-c", "env", "nice", "-n", "-D", "-d", "--", "start", "--pid", "python", "-m"]
    ),
    st.text(max_size=8),
)


@given(st.lists(WORDS, max_size=8))
def test_any_command_is_read(command: list[str]) -> None:
    assert check.finding(command) is None or check.way_out(command)


@given(st.lists(st.text(max_size=8), max_size=6))
def test_nothing_is_said_of_a_program_that_is_not_known(words: list[str]) -> None:
    assert check.finding(["/app/serve", *words]) is None


LIMITS: dict[str, tuple[int, Callable[[int], list[str]]]] = {
    "a command": (shell.LONGEST, lambda size: ["gunicorn", "-D", "x" * (size - len("gunicorn -D ."))]),
    "a script": (shell.LONGEST_SCRIPT, lambda size: ["sh", "-c", "serve" + "x" * (size - 6) + "&"]),
}


@pytest.mark.parametrize(("most", "command"), LIMITS.values(), ids=LIMITS)
def test_a_command_is_judged_whole_or_not_at_all(most: int, command: Callable[[int], list[str]]) -> None:
    assert check.finding(command(most)) is not None
    assert check.finding(command(most + 1)) is None


def test_nothing_is_said_of_what_is_right_only_in_its_part_that_is_too_long_to_read() -> None:
    long = "x" * shell.LONGEST
    assert check.finding(["nginx", "-g", f"{long}\n; daemon off;"]) is None
    assert check.finding(["sh", "-c", f"serve & {long}\n wait"]) is None


@pytest.mark.parametrize("starter", ["timeout", "nice"])
def test_a_command_of_many_options_can_be_read_in_one_way_only(starter: str) -> None:
    assert check.finding([starter, *["-k", "-n"] * 200]) is None
    assert check.finding([starter, *["-k", "1"] * 200, "5", "nginx"]) is not None
