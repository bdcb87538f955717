r"""Whether a process type's command leaves the foreground, which no process of a Pod may.

The container's first process is what Kubernetes watches, restarts and asks to stop: where it puts the
work into the background and ends, the container ends.  A command that plainly does so, or that writes a
PID file, is warned about before that happens, and never refused.
Source: https://12factor.net/concurrency, "twelve-factor app processes should never daemonize".
"""

import re
from collections.abc import Mapping, Sequence

from formation_operator.foreground import daemons, shell
from formation_operator.foreground.daemon import NO_FILE, Daemon

LONGEST = 32768
"""Characters of a command that is judged, all its words together: a class path of some hundred jars fits."""
MOST_WORDS = 1024
"""Words of a command that is judged."""
# A program of the app's own may have the name of a known one, such as /app/cron.
PROGRAM = re.compile(
    r"(/(usr|opt)/([^\n]*/)?s?bin/|[^\n]*(venv|\.local)/bin/|/s?bin/)?[^/\n]+"
    r"|(\./)?bin/(elasticsearch|catalina\.sh)"
    r"|(\./)?(bin|script)/(rails|delayed_job)"
    r"|([^\n]*/)?node_modules/\.bin/(pm2|forever)"
)
NAME = r"[a-z_-]*[a-z]"
VERSIONED = re.compile(rf"({NAME})-?[0-9.]+")
"""A program's name with a version behind it, such as php-fpm8.2."""
OPTION = re.compile(r"--[^=\n]+|-[A-Za-z]+")
LEAVES = "{} {does}: {way_out}"
WRITES = "{} writes a PID file, which isn't needed here: leave {option} out"

# What may stand before the program that counts, with its own words. Where a word must follow the options,
# each option fits in one way only: otherwise a long command could be read in more ways than there is time.
_WRAPPERS = [
    r"(exec|catatonit|busybox|ddtrace-run|opentelemetry-instrument)\n(-[^\n]*\n)*",
    r"dumb-init\n((-r|--rewrite)\n[^\n]*\n|-[^\n]*\n)*",
    r"env\n((-u|--unset|-C|--chdir)\n[^\n]*\n|-[^S\n]*\n)*",
    r"(nice|ionice|tini|stdbuf)\n(-[nceiop]\n[^\n]*\n|-[^\n]*\n)*",
    r"bundle\nexec\n",
    r"(poetry|pipenv|pdm|rye|uv)\nrun\n",
    r"newrelic-admin\nrun-program\n",
    r"(gosu|su-exec)\n[^-\n][^\n]*\n",
    r"sudo\n((-[A-Za-z]*[CDgpRTu]|--user|--group)\n[^\n]*\n|-[^\n]*\n)*",
    r"runuser\n(-u|--user)\n[^\n]*\n(-[^\n]*\n)*",
    r"setpriv\n(--(reuid|regid|groups|inh-caps|ambient-caps|bounding-set)\n[^\n]*\n|-[^\n]*\n)*",
    r"flock\n(-[wE]\n[^\n]*\n|-([^wE\n][^\n]*|[wE][^\n]+)?\n)*[^-\n][^\n]*\n",
    r"npx\n((-p|--package)\n[^\n]*\n|-[^\n]*\n)*",
    r"npm\nexec\n(-[^\n]*\n)*",
    r"timeout\n(-[ks]\n[^\n]*\n|-([^ks\n][^\n]*|[ks][^\n]+)?\n)*[0-9][^\n]*\n",
    # The folder of an installed script is skipped, so that its name remains.
    (
        r"python[0-9.]*\n(-[XW]\n[^\n]*\n|-[XW][^\n]+\n|-[bBdEiIOPqsSuvx]+\n)*"
        r"(-m\n|/usr/(local/)?bin/|[^\n]*(venv|\.local)/bin/)"
    ),
]
WRAPPERS = re.compile(rf"([A-Za-z_][A-Za-z0-9_]*=[^\n]*\n|([^\n]*/)?({'|'.join(_WRAPPERS)}))*")


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
    if _goes_behind(daemon, words) and not _fitting(daemon.stays, words):
        return LEAVES.format(name, does=daemon.does, way_out=daemon.way_out)
    files = (word for word in _fitting(daemon.pid_file, words) if not NO_FILE.fullmatch(word))
    option = OPTION.match(next(files, ""))
    return WRITES.format(name, option=option.group()) if option else None


def way_out(command: Sequence[str]) -> str | None:
    """Return what keeps a command in the foreground that has left it, as far as its program is known."""
    name, daemon, text = _reached(command)
    if daemon is None:
        return None
    words = options(text, daemon)
    may_leave = _goes_behind(daemon, words) or "configuration" in daemon.way_out
    return f"{name}: {daemon.way_out}" if may_leave and not _fitting(daemon.foreground, words) else None


def judged(command: Sequence[str]) -> bool:
    """Return whether a command is short enough to be judged, which needs all of it."""
    return len(command) <= MOST_WORDS and sum(map(len, command)) <= LONGEST


def _goes_behind(daemon: Daemon, words: Sequence[str]) -> bool:
    """Return whether a command says that its program goes into the background."""
    return bool(_fitting(daemon.background, words) and (not daemon.only or _fitting(daemon.only, words)))


def _fitting(pattern: str, words: Sequence[str]) -> list[str]:
    """Return the words that a pattern of the table fits."""
    return [word for word in words if pattern and re.compile(pattern).fullmatch(word)]


def _reached(command: Sequence[str]) -> tuple[str, Daemon | None, str]:
    """Return the program that a command comes down to: its name, what is known of it, and all its words."""
    words = unwrapped(command) if judged(command) else []
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
    before = WRAPPERS.match(as_text(command))
    return command[before.group().count("\n") if before else 0 :]


def known(text: str) -> tuple[str, Daemon | None]:
    """Return the name of a command's program, and what is known of it."""
    path, _, _ = text.partition("\n")
    if not PROGRAM.fullmatch(path):
        return path, None
    name = path.rpartition("/")[-1]
    versioned = VERSIONED.fullmatch(name)
    if versioned and name not in daemons.TABLE:
        name = versioned[1]
    return name, daemons.TABLE.get(name)


def options(text: str, daemon: Daemon) -> list[str]:
    """Return each option with its value, and each other word, up to the end of the options."""
    before, _, _ = text.partition("\n--\n")
    return [match.group()[:-1] for match in re.compile(daemon.words).finditer(before + "\n")]
