"""Which process types start jobs by the clock: by their name, or the program behind what only starts it."""

import re
from collections.abc import Collection, Sequence

from formation_operator.foreground import check
from formation_operator.foreground import shell as scripts

CLOCKS: dict[str, Collection[str]] = {
    "artisan": ("schedule:work",),
    "celery": ("beat",),
    "celerybeat": (),
    "clockwork": (),
    "cron": (),
    "crond": (),
    "manage.py": ("celerybeat", "runapscheduler"),
    "supercronic": (),
    "taskiq": ("scheduler",),
}
"""Programs that start jobs by the clock, each with the words that say so; none stands for any.

Two processes of one start each job twice. What locks, such as sidekiq-cron and rqscheduler, isn't among them.
"""
NAMES = re.compile(r"(.*-)?(celery)?(beat|clock|cron|scheduler)[0-9]*")
"""Names of process types that start jobs by the clock, whatever their program is."""
EMBEDDED = {"-B", "--beat"}
"""Makes a worker of Celery its beat, too."""
INTERPRETER = re.compile(r"(python|php)[0-9.]*")
SCRIPTS = {"artisan", "manage.py"}
"""What interpreters run of that."""


def is_clock(name: str, command: Sequence[str]) -> bool:
    """Tell whether a process type starts jobs by the clock, so that two of it would start each job twice."""
    if NAMES.fullmatch(name):
        return True
    program, *words = _program(command) or [""]
    if _base(program) == "celery" and "worker" in words:
        return not EMBEDDED.isdisjoint(words)
    subcommands = CLOCKS.get(_base(program))
    return subcommands is not None and (not subcommands or not {*subcommands}.isdisjoint(words))


def _program(command: Sequence[str]) -> Sequence[str]:
    """Return a program and its words; nothing where that isn't plain."""
    words = check.unwrapped(command)
    script = scripts.script(words)
    if script is not None:
        command, _ = scripts.end(script)
        return _program(command)
    if words and INTERPRETER.fullmatch(_base(words[0])):
        first = next((place for place, word in enumerate(words) if _base(word) in SCRIPTS), 0)
        return words[first:]
    return words


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[-1]
