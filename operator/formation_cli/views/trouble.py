"""What keeps process types from running, in the words of their status: each cause once, with its types."""

import dataclasses
import re
from collections.abc import Mapping

from formation_cli.objects import Object
from formation_cli.views import formations, releases
from formation_cli.views.table import Cell, Table
from formation_operator.api.reasons import ConditionType, Reason, State, Trouble
from formation_operator.kube.objects import lenient

HOPELESS = frozenset(
    {
        Reason.IMAGE_PULL_FAILED,
        Reason.BAD_COMMAND,
        Reason.START_ERROR,
        Reason.IMAGE_USER_IS_ROOT,
        Reason.IMAGE_USER_NOT_NUMERIC,
        Reason.RUNS_AS_ROOT,
        Reason.SECRET_MISSING,
        Reason.CONFIG_MAP_MISSING,
        Reason.CONTAINER_CONFIG_ERROR,
        Reason.DEADLINE_EXCEEDED,
        Reason.DEPLOYMENT_PAUSED,
        Trouble.INVALID_SPEC,
        Trouble.NAME_TAKEN,
        Trouble.REFUSED,
        Trouble.CAN_NOT_SUSPEND,
        Trouble.PAUSED,
    }
)
"""Why processes don't run, so that somebody has to do something."""
UNWRITTEN = frozenset({Trouble.RETRYING, Trouble.WAITING})
"""Why the version before may still be there, which is then shown as it runs."""
FIGURES = re.compile(r"^[0-9]+ of [0-9]+: | \([0-9]+ restarts?\)|; [0-9]+ of the old version still run.*")
"""What differs between types that have the same trouble: how many, how often and when."""


def is_broken(state: str, reason: str) -> bool:
    """Tell whether waiting can't help what is so."""
    return state == State.CRASHING or reason in HOPELESS


def lasting(formation: Object, types: Mapping[str, Object]) -> str:
    """Return why waiting can't help some types, by their status; empty if it may.

    The operator judges a type by processes of its present version alone, however old they are.
    """
    if formations.condition(formation, ConditionType.READY).get("reason") in UNWRITTEN:
        return ""
    stalled = formations.condition(formation, ConditionType.STALLED)
    counts = stalled.get("status") == "True" and not releases.is_stalled(formation)  # it holds up no count
    said = lenient.text(stalled, "message") if counts else ""
    broken = {
        name: lenient.text(status, "message") or said.removeprefix(f"{name}: ")
        for name, status in types.items()
        if is_broken(lenient.text(status, "state"), lenient.text(status, "reason"))
        or said.startswith(f"{name}: ")
    }
    of_a_type = any(said.startswith(f"{name}: ") for name in lenient.mapping(formation, "spec", "processes"))
    return causes(broken) or ("" if of_a_type else said)


def of_gate(formation: Object) -> str:
    """Return why waiting can't help a release or canaries, by the same rule as for types; empty if it may."""
    known, first = releases.gate(formation), releases.about_gate(formation)
    state, message = (lenient.text(known, each) for each in ("state", "message"))
    reason = lenient.text(known, "reason") or lenient.text(first, "reason")
    return message if is_broken(state, reason) or releases.is_stalled(formation) else ""


def open_ones(types: Mapping[str, Object]) -> dict[str, str]:
    """Return what keeps each type that doesn't run as declared."""
    return {
        name: lenient.text(status, "message") or "nothing is known about it yet"
        for name, status in types.items()
        if not status or lenient.text(status, "reason")
    }


def without(failure: str, shown: Table) -> Table:
    """Return a table that leaves out what a ``failure`` says below it."""
    said = {
        each
        for *_, each in shown.rows
        if each.text != "-" and any(said in failure for said in (each.text, FIGURES.sub("", each.text)))
    }
    rows = [(*cells, Cell("as below") if last in said else last) for *cells, last in shown.rows]
    return dataclasses.replace(shown, rows=rows)


def causes(messages: Mapping[str, str]) -> str:
    """Return what is said of types in one sentence for each cause."""
    alike: dict[str, list[str]] = {}
    for name, message in messages.items():
        alike.setdefault(FIGURES.sub("", message), []).append(name)
    return "; ".join(f"{', '.join(names)}: {cause}" for cause, names in alike.items())
