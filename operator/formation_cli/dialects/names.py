"""What the names of Formations and of process types may be; the CRD says the same, which a test holds."""

import itertools
import re
from collections.abc import Collection, Sequence

from formation_cli.failures import Mistyped
from formation_operator.api import naming
from formation_operator.api.formation import MOST_TYPES
from formation_operator.kube.objects import lenient

TYPE = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
FORMATION = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")
LONGEST_CHILD = 46
"""Characters of a Formation's name, a hyphen and a type's: what the names of Pods leave for them."""
LONGEST_SCHEDULE = 30
"""Characters of the name that a schedule gets."""
RELEASE = "release"
RESERVED = {
    RELEASE: "what runs before a deploy is spec.release",
    "run": "one-off processes have that name; name it after its work, such as worker",
}


def check_type(name: str, where: str) -> None:
    """Raise `Mistyped` with the place and a suggestion if a process type can't have this name."""
    if name in RESERVED:
        raise Mistyped(f"{where}: {name} can't be the name of a process type: {RESERVED[name]}.")
    if len(name) > LONGEST_CHILD or not TYPE.fullmatch(name):
        raise Mistyped(
            f"{where}: {shown(name)} can't be the name of a process type: it has lower-case letters, "
            "digits and '-', and begins and ends with no '-'.",
            hint=_try(suggestion(name)),
        )


def check_formation(name: str) -> None:
    """Raise `Mistyped` with a suggestion if a Formation can't have this name."""
    if len(name) > LONGEST_CHILD or not FORMATION.fullmatch(name):
        suggested = re.sub("^[^a-z]+", "", suggestion(name))
        raise Mistyped(
            f"{shown(name)} can't be the name of a Formation: it starts with a letter, and has lower-case "
            "letters, digits and '-'.",
            hint=_try(suggested, "--name "),
        )


def check_together(formation: str, types: list[str]) -> None:
    """Raise `Mistyped` for more types than there may be, and names that are too long together."""
    if not types:
        raise Mistyped("There is no process type: write a line like web: command.")
    if len(types) > MOST_TYPES:
        raise Mistyped(f"{len(types)} process types are too many: a Formation has {MOST_TYPES} at most.")
    for each in types:
        if len(f"{formation}-{each}") > LONGEST_CHILD:
            raise Mistyped(
                f"{formation}-{each} has more than {LONGEST_CHILD} characters, too long for Pods' names.",
                hint="Shorten the type's name, or the Formation's with --name.",
            )


def schedule(formation: str, words: Sequence[str], types: Collection[str], taken: Collection[str]) -> str:
    """Return a name for a schedule: as many words as fit, and a number where another one has it.

    Raises `Mistyped` where it and the Formation's name are too long together.
    """
    longest = min(LONGEST_SCHEDULE, naming.LONGEST_CRON_JOB - len(f"{formation}-"))
    before = "cron-" if not words or _joined(words, longest) in {*RESERVED, *types} else ""
    ends = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    candidates = (f"{before}{_joined(words, longest - len(before + end))}".strip("-") + end for end in ends)
    name = next(each for each in candidates if each not in {*RESERVED, *types, *taken})
    if len(f"{formation}-{name}") > naming.LONGEST_CRON_JOB:
        raise Mistyped(
            f"{formation}-{name} has more than {naming.LONGEST_CRON_JOB} characters, too long for a CronJob.",
            hint="Shorten the Formation's name: --name sets it.",
        )
    return name


def _joined(words: Sequence[str], longest: int) -> str:
    """Return the first words with hyphens between, as many as fit; a first one that is too long is cut."""
    text = "-".join(words)
    if len(text) <= longest:
        return text
    return text[: longest + 1].rpartition("-")[0] or text[:LONGEST_SCHEDULE].partition("-")[0]


def suggestion(name: str) -> str:
    """Return a name that is like one that can't be: empty if nothing of it is left."""
    return re.sub("[^a-z0-9]+", "-", name[:LONGEST_CHILD].lower()).strip("-")


def _try(name: str, option: str = "") -> str:
    return f"Try {option}{name}." if name and name not in RESERVED else ""


def shown(name: str) -> str:
    """Return a name as messages show it."""
    return repr(lenient.shown(name, lenient.LONGEST_WORD))
