r"""Whether a process type's command leaves the foreground, which no process of a Pod may.

The container's first process is what Kubernetes watches, restarts and asks to stop: where it puts the
work into the background and ends, the container ends.  A command that plainly does so, or that writes a
PID file, is warned about before that happens, and never refused.
Source: https://12factor.net/concurrency, "twelve-factor app processes should never daemonize".
"""

import re
from collections.abc import Mapping, Sequence

from formation_operator import daemons, shell
from formation_operator.daemon import NO_FILE, Daemon

# A program of the app's own may have the name of a known one, such as /app/cron.
PROGRAM = (
    r"(/(usr|opt)/([^\n]*/)?s?bin/|[^\n]*(venv|\.local)/bin/|/s?bin/)?[^/\n]+"
    r"|(\./)?bin/(elasticsearch|catalina\.sh)"
    r"|(\./)?(bin|script)/(rails|delayed_job)"
    r"|([^\n]*/)?node_modules/\.bin/(pm2|forever)"
)
BASENAME = r"[^/\n]+$"
VERSIONED = r"[a-z_-]*[a-z]-?[0-9.]+"
"""A program's name with a version behind it, such as php-fpm8.2."""
NAME = r"[a-z_-]*[a-z]"
OPTION = r"--[^=\n]+|-[A-Za-z]+"
LEAVES = "{} {does}: {way_out}"
WRITES = "{} writes a PID file, which nobody needs here: leave {option} out"


def _wrapper(names: str, words: str) -> str:
    return rf"([^\n]*/)?({names})\n{words}"


# What may stand before the program that counts, with its own words. Where a word must follow the options,
# each option fits in one way only: otherwise a long command could be read in more ways than there is time.
WRAPPERS = "|".join(
    [
        r"[A-Za-z_][A-Za-z0-9_]*=[^\n]*\n",
        _wrapper("exec|catatonit|busybox|ddtrace-run|opentelemetry-instrument", r"(-[^\n]*\n)*"),
        _wrapper("dumb-init", r"((-r|--rewrite)\n[^\n]*\n|-[^\n]*\n)*"),
        _wrapper("env", r"((-u|--unset|-C|--chdir)\n[^\n]*\n|-[^S\n]*\n)*"),
        _wrapper("nice|ionice|tini|stdbuf", r"(-[nceiop]\n[^\n]*\n|-[^\n]*\n)*"),
        _wrapper("bundle", r"exec\n"),
        _wrapper("poetry|pipenv|pdm|rye|uv", r"run\n"),
        _wrapper("newrelic-admin", r"run-program\n"),
        _wrapper("gosu|su-exec", r"[^-\n][^\n]*\n"),
        _wrapper("sudo", r"((-[A-Za-z]*[CDgpRTu]|--user|--group)\n[^\n]*\n|-[^\n]*\n)*"),
        _wrapper("runuser", r"(-u|--user)\n[^\n]*\n(-[^\n]*\n)*"),
        _wrapper(
            "setpriv", r"(--(reuid|regid|groups|inh-caps|ambient-caps|bounding-set)\n[^\n]*\n|-[^\n]*\n)*"
        ),
        _wrapper("flock", r"(-[wE]\n[^\n]*\n|-([^wE\n][^\n]*|[wE][^\n]+)?\n)*[^-\n][^\n]*\n"),
        _wrapper("npx", r"((-p|--package)\n[^\n]*\n|-[^\n]*\n)*"),
        _wrapper("npm", r"exec\n(-[^\n]*\n)*"),
        _wrapper("timeout", r"(-[ks]\n[^\n]*\n|-([^ks\n][^\n]*|[ks][^\n]+)?\n)*[0-9][^\n]*\n"),
        # Of an installed script the folder is passed over: what is left of its path is its name.
        _wrapper(
            r"python[0-9.]*",
            r"(-[XW]\n[^\n]*\n|-[XW][^\n]+\n|-[bBdEiIOPqsSuvx]+\n)*"
            r"(-m\n|/usr/(local/)?bin/|[^\n]*(venv|\.local)/bin/)",
        ),
    ]
)


def warnings(commands: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each process type whose command leaves the foreground, with the way out."""
    said = {name: finding(command) for name, command in sorted(commands.items())}
    return [f"{name}: {sentence}" for name, sentence in said.items() if sentence]


def finding(command: Sequence[str]) -> str | None:
    """Return what a command does that it shouldn't, and the way out; nothing if that isn't plain."""
    name, daemon, text = _reached(command)
    if daemon is None:
        return None
    words = options(text, daemon)
    if _leaves(daemon, words):
        return LEAVES.format(name, does=daemon.does, way_out=daemon.way_out)
    files = [word for word in words if _is(daemon.pid_file, word) and not _is(NO_FILE, word)]
    if files:
        return WRITES.format(name, option=found(OPTION, files[0]))
    return None


def way_out(command: Sequence[str]) -> str | None:
    """Return what keeps a command in the foreground that has left it, as far as its program is known."""
    name, daemon, text = _reached(command)
    if daemon is None:
        return None
    words = options(text, daemon)
    may_leave = _told_to(daemon, words) or "configuration" in daemon.way_out
    return f"{name}: {daemon.way_out}" if may_leave and not _any(daemon.foreground, words) else None


def _leaves(daemon: Daemon, words: Sequence[str]) -> bool:
    return _told_to(daemon, words) and not _any(daemon.stays, words)


def _told_to(daemon: Daemon, words: Sequence[str]) -> bool:
    return _any(daemon.background, words) and (not daemon.only or _any(daemon.only, words))


def _any(pattern: str, words: Sequence[str]) -> bool:
    return any(_is(pattern, word) for word in words)


def _is(pattern: str, word: str) -> bool:
    return bool(pattern) and re.fullmatch(pattern, word) is not None


def _reached(command: Sequence[str]) -> tuple[str, Daemon | None, str]:
    """Return the program that a command comes down to: its name, what is known of it, and all its words."""
    words = unwrapped(command)
    script = shell.script(words)
    if script is None:
        text = as_text(words)
        return (*known(text), text)
    end = shell.end(script)
    if end is None:
        return "", None, ""
    return ("the shell", shell.BACKGROUNDING, "&\n") if end.background else _reached(end.command)


def as_text(words: Sequence[str]) -> str:
    """Return words as one text, as the patterns need it: a line feed ends each, and none is in it."""
    return "".join(word.replace("\n", " ") + "\n" for word in words)


def unwrapped(command: Sequence[str]) -> Sequence[str]:
    """Return a command without what stands before its program."""
    before = re.match(f"({WRAPPERS})*", as_text(command))
    return command[before.group().count("\n") if before else 0 :]


def known(text: str) -> tuple[str, Daemon | None]:
    """Return the name of a command's program, and what is known of it."""
    path, _, _ = text.partition("\n")
    if not re.fullmatch(PROGRAM, path):
        return path, None
    name = found(BASENAME, path)
    if name not in daemons.TABLE and re.fullmatch(VERSIONED, name):
        name = found(NAME, name)
    return name, daemons.TABLE.get(name)


def options(text: str, daemon: Daemon) -> list[str]:
    """Return each option with its value, and each other word, up to the end of the options."""
    before, _, _ = text.partition("\n--\n")
    return [match.group()[:-1] for match in re.finditer(daemon.words, before + "\n")]


def found(pattern: str, text: str) -> str:
    """Return the first part of a text that fits a pattern, or nothing."""
    match = re.search(pattern, text)
    return match.group() if match else ""
