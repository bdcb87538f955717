"""What the names of Formations and of process types may be; the CRD says the same, which a test holds."""

import re

from formation_cli.failures import Mistyped
from formation_operator.api.formation import MOST_TYPES
from formation_operator.kube.objects import lenient

TYPE = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
FORMATION = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")
LONGEST_CHILD = 46
"""Characters of a Formation's name, a hyphen and a type's: what the names of Pods leave for them."""
RELEASE = "release"
RESERVED = {
    RELEASE: "the command before a deploy is spec.release",
    "run": "one-off processes have that name; name the type after its work, such as worker",
}


def check_type(name: str, where: str) -> None:
    """Raise `Mistyped` with the place and a suggestion if a process type can't have this name."""
    if name in RESERVED:
        raise Mistyped(f"{where}: {name} can't be the name of a process type: {RESERVED[name]}.")
    if len(name) > LONGEST_CHILD or not TYPE.fullmatch(name):
        raise Mistyped(
            f"{where}: {shown(name)} can't be the name of a process type: use lower-case letters, "
            "digits and '-', and no '-' at the beginning or the end.",
            hint=_try(suggestion(name)),
        )


def check_formation(name: str) -> None:
    """Raise `Mistyped` with a suggestion if a Formation can't have this name."""
    if len(name) > LONGEST_CHILD or not FORMATION.fullmatch(name):
        suggested = re.sub("^[^a-z]+", "", suggestion(name))
        raise Mistyped(
            f"{shown(name)} can't be the name of a Formation: start with a letter, and use lower-case "
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


def suggestion(name: str) -> str:
    """Return a name that is like one that can't be: empty if nothing of it is left."""
    return re.sub("[^a-z0-9]+", "-", name[:LONGEST_CHILD].lower()).strip("-")


def _try(name: str, option: str = "") -> str:
    return f"Try {option}{name}." if name and name not in RESERVED else ""


def shown(name: str) -> str:
    """Return a name as messages show it."""
    return repr(lenient.shown(name, lenient.LONGEST_WORD))
