"""A Formation's processes as they run on a laptop: under which names, with which ports and environment.

Names and ports are Foreman's: ``web.1``, and 100 ports for each type.
Source: https://ddollar.github.io/foreman/#PORTS
"""

import dataclasses
import shlex
from collections.abc import Collection, Iterable, Mapping

from formation_cli.dialects import dotenv, references
from formation_cli.dialects.manifest import IMAGES_OWN, Known
from formation_cli.failures import Mistyped, did_you_mean
from formation_operator.api.fields import LONGEST_WORD
from formation_operator.api.formation import ProcessType
from formation_operator.kube.objects import lenient
from formation_operator.render.pod_template import GRACE_SECONDS

MOST = 100
"""Processes that a laptop starts at once: as many ports as a type has."""


@dataclasses.dataclass(frozen=True)
class Process:
    """One process of a laptop."""

    name: str
    """Such as ``web.1``."""
    command: str
    """For a shell, which only starts it."""
    env: Mapping[str, str]
    stop_seconds: int
    """How long it has between SIGTERM and SIGKILL."""


def counts(known: Known, wanted: Mapping[str, int], types: Collection[str] = ()) -> dict[str, int]:
    """Return how many processes of each type to run, of all types or of some.

    A type that runs the image's own program has none, unless somebody names it. Raises `Mistyped` for too
    many, for none, and for a type that there isn't.
    """
    for each in types:
        if each not in known.spec.processes:
            raise Mistyped(f"There is no process type {each}.", hint=did_you_mean(each, known.spec.processes))
    unknown = [each for each in known.images_own() if each not in types and each not in wanted]
    usual = {each: 0 if each in unknown else known.count(each) for each in known.spec.processes}
    found = {
        each: wanted.get(each, count) if not types or each in types else 0 for each, count in usual.items()
    }
    if sum(found.values()) > MOST:
        sentence = f"{sum(found.values())} processes are too many for one machine: at most {MOST}."
        raise Mistyped(sentence, hint="Set the counts with -m, such as -m web=2,worker=1.")
    if not any(found.values()) and unknown:
        raise Mistyped(f"{unknown[0]} {IMAGES_OWN}.", hint="Set its command.")
    if not any(found.values()):
        hint = "Set the counts with -m, such as -m all=1."
        raise Mistyped(f"{known.name} has no process to run.", hint=hint)
    return found


def process(known: Known, name: str, port: int, own: Mapping[str, str], base: Mapping[str, str]) -> Process:
    """Return a process: ``own`` is what this machine sets in place of the Formation's, ``base`` what it has.

    Raises `Mistyped` where only the image knows what to run.
    """
    type_ = name.partition(".")[0]
    declared = known.parts()[type_]
    if not declared.command:
        hint = f"Set its command, or leave it out with -m {type_}=0."
        raise Mistyped(f"{type_} {IMAGES_OWN}.", hint=hint)
    # Whatever port is declared: two processes can't listen on one.
    fixed = {**own, "PORT": str(port), "PS": name}
    try:
        env = _environment(known, type_, name, fixed, base)
        words = [references.expanded(word, env.get) for word in (*declared.command, *(declared.args or []))]
    except ValueError as error:
        raise Mistyped(f"{type_} has {error}.") from error
    command = f"exec {shlex.join(words)}"
    for variable, value in env.items():
        _check(f"{type_}: the variable {lenient.shown(variable)}", variable, value)
    _check(f"{type_}: its command", "", command)
    grace = declared.termination_grace_period_seconds if isinstance(declared, ProcessType) else None
    return Process(name, command, {**base, **env}, GRACE_SECONDS if grace is None else grace)


def _check(what: str, name: str, value: str) -> None:
    """Raise `Mistyped` for what Linux starts no process with: honcho would wait for it for ever."""
    if "=" in name or dotenv.IMPOSSIBLE.search(name + value):
        raise Mistyped(f"{what} has a character that can't be passed to a process.")
    if len(f"{name}={value}".encode()) > LONGEST_WORD:
        raise Mistyped(f"{what} has more than {LONGEST_WORD} bytes, which can't be passed to a process.")


def _environment(
    known: Known, type_: str, name: str, fixed: Mapping[str, str], base: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that a process has on the cluster, with the values that they have here."""
    there = {each: base[each] for each in known.elsewhere(type_) if each in base}
    own = {"FORMATION": known.name, "PROCESS_TYPE": type_, "PROCESS_NAME": name}
    found = {**own, **there, **fixed}
    for each, value in known.literals(type_).items():
        if each not in fixed:
            found[each] = references.expanded(value, found.get)
    return found


def missing(known: Known, types: Iterable[str], given: Mapping[str, str]) -> list[str]:
    """Return what of the environment of some types the cluster alone knows, and isn't given here."""
    return [f"{each}: {what}" for each in types for what in known.elsewhere(each) if what not in given]
