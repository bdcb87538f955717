"""What a command comes down to: the program behind what only starts it, and the words that tell its work."""

import re
import shlex
from collections.abc import Collection, Iterator, Sequence

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
"""Programs that start jobs by the clock, each with the subcommands that do; none stands for any.

Two processes of one start each job twice. What locks, such as sidekiq-cron and rqscheduler, isn't among them.
"""
NAMES = re.compile(r"(.*-)?(celery)?(beat|clock|cron|scheduler)[0-9]*")
"""Names of process types that start jobs by the clock, whatever their program is."""
EMBEDDED = {"-B", "--beat"}
"""Makes a worker of Celery its beat, too."""
FLAGS = {"-C", "-q", "--no-color", "--quiet", "--skip-checks"}
"""Options of Celery, before its subcommand, that have no value."""
INTERPRETED = re.compile(
    r"([^\n]*/)?(python|pypy|ruby|node|php|perl|sh|bash|dash)[0-9.]*\n"
    r"((-[dWXr]|--require)\n[^\n]*\n|-[uOBEsI]+\n|-[dWX][^\n]+\n|--[a-z-]+=[^\n]*\n)*(?=[^-\n])"
)
"""An interpreter with its options, up to the file that it runs."""
RUNNERS = {
    *("artisan", "composer", "console", "django-admin", "flask", "make", "manage.py", "mix", "npm", "pnpm"),
    *("rails", "rake", "run", "runner", "yarn"),
}
"""Programs and words of which the next word tells what they do."""
SETTING_UP = re.compile(r"[\s(]*((cd|export|set|source|\.)[ \t][^;&|\n]*(&&|;|\n)\s*)*")
"""What a script does before its work."""
ENDS = re.compile(r"[;&<>]+|\|\|")
"""What a command ends before: the next one, or a file that it reads or writes."""
EXTENSION = re.compile(r"\.(py|rb|js|mjs|cjs|ts|php|pl|sh)$")
WORD = re.compile("[a-z0-9]+")


def is_clock(name: str, command: Sequence[str]) -> bool:
    """Tell whether a process type starts jobs by the clock, so that two of it would start each job twice."""
    if NAMES.fullmatch(name):
        return True
    words = _program(command)
    program = _base(words[0]) if words else ""
    if program == "celery" and EMBEDDED & {*words}:
        return True
    subcommands = CLOCKS.get(program)
    return subcommands is not None and (not subcommands or _subcommand(words) in subcommands)


def telling(line: str) -> list[str]:
    """Return the words of a command line that tell its work, in lower case: none of an alphabet but ours."""
    words = _first(SETTING_UP.sub("", line, count=1))
    started = check.unwrapped(words) or words
    script = scripts.script(started)
    if script is not None:
        return telling(script)
    module = len(started) < len(words) and words[len(words) - len(started) - 1] == "-m"
    return [part for word in _work([*_file(started)], module=module) for part in WORD.findall(word.lower())]


def _program(command: Sequence[str]) -> Sequence[str]:
    """Return a program and its words; nothing where that isn't plain."""
    words = check.unwrapped(command)
    script = scripts.script(words)
    if script is None:
        return _file(words)
    command, _ = scripts.end(script)
    return _program(command)


def _subcommand(words: Sequence[str]) -> str:
    """Return the first word that is neither an option nor the value of one."""
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-"):
            return word
        if word not in FLAGS and "=" not in word and (len(word) == 2 or word.startswith("--")):
            next(rest, None)
    return ""


def _file(words: Sequence[str]) -> Sequence[str]:
    """Return what an interpreter runs, and its words; the words as they are where that is no file."""
    before = INTERPRETED.match(scripts.as_text(words))
    return words[before.group().count("\n") :] if before else words


def _work(words: list[str], *, module: bool) -> Iterator[str]:
    """Yield the words without the programs, or the module, of which the next word tells what they do."""
    while len(words) > 1 and not words[1].startswith("-") and (module or _base(words[0]) in RUNNERS):
        words, module = words[1:], False
    yield from (EXTENSION.sub("", _base(words[0])), *words[1:]) if words else ()


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[-1]


def _first(line: str) -> list[str]:
    """Return the words of a line's first command, a pipeline included, without what is redirected."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
    reader.whitespace_split, reader.commenters = True, ""
    try:
        words = [*reader]
    except ValueError:  # a quote that doesn't end, which is refused elsewhere
        return line.split()
    end = next((place for place, word in enumerate(words) if ENDS.fullmatch(word)), len(words))
    is_redirected = words[end : end + 1] and words[end][0] in "<>"
    return words[: end - 1] if is_redirected and words[end - 1].isdigit() else words[:end]
