"""The Formations as they are kept, and the names of the children that each of them wants."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pydantic_core

from formation_operator.api import bounds, formation_status, naming
from formation_operator.api.content import content_of
from formation_operator.api.reasons import ConditionType
from formation_operator.kube.objects import authors, deploys, lenient
from formation_operator.kube.objects.deploys import Deploy
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane

KEPT = ("name", "namespace", "uid", "generation", "resourceVersion", "deletionTimestamp")
"""What is kept of a Formation's metadata."""
DECLARED = ("spec", "excess", "spec_size", "declared", "trace", "reread")
"""What is kept of its spec: itself, why it is too large if it is, the bytes of memory that it takes, who has
changed its content and why, what the last change has left of that, and whether it may differ from what was
read at the same generation before."""
REPORTED = ("status_text", "status_digest")
"""What is kept of its status: itself as JSON, which takes half the memory of objects (see `status_of`), and a
digest."""
NAMED = ("processes", "schedules")
"""The maps of a spec and of a status; each name in them is that of a child, too."""
MOST_REPORTED = 256 * bounds.KIB
"""Bytes of a status as JSON; ours are all smaller."""
AS_OBJECTS = 10
"""How many times the bytes of its JSON a spec is taken to need in memory: six is usual, eighteen the most."""


class Trace(NamedTuple):
    """What a change of a spec has left in the metadata, with which the next change is compared."""

    at: str = ""
    """The time of the field manager that had changed the content last."""
    noted: str = ""
    """The time of the note."""
    note: str = ""


def key_of(raw: dict[str, Any]) -> Key:
    """Return the namespace and name of an object."""
    return raw["metadata"]["namespace"], raw["metadata"]["name"]


def uid_of(raw: dict[str, Any]) -> str:
    """Return an object's uid."""
    return str(raw["metadata"]["uid"])


def version_of(raw: dict[str, Any]) -> int:
    """Return an object's resource version."""
    return int(raw["metadata"]["resourceVersion"])


def trimmed(raw: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a Formation without what no decision needs, given it as it was kept until now.

    A spec that hasn't changed is taken from there, since most changes are of a status.
    ``excess`` says why a spec is too large to be rendered, if it is.
    """
    metadata = {key: raw["metadata"][key] for key in KEPT if key in raw["metadata"]}
    is_known = before is not None and not before.get("unkept") and is_same(before, raw)
    if before is not None and is_known and not is_fuller(raw, before):
        declared = {key: before[key] for key in DECLARED if key in before}
    else:
        again = {"reread": True} if is_known else {}
        declared = {**_declared(lenient.mapping(raw, "spec")), **_cause(raw, before or {}), **again}
    return {"metadata": lenient.interned(metadata), **_reported(raw), **declared}


def _reported(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a status.

    The conditions of others aren't kept.  A status that is larger than any of ours counts as empty, so that
    the next report replaces it.
    """
    status = lenient.mapping(raw, "status")
    conditions = status.get("conditions")
    if isinstance(conditions, list):
        status = {**status, "conditions": [*filter(formation_status.is_ours, conditions)]}
    text = bounds.encoded(status)
    text = text if len(text) <= MOST_REPORTED else b"{}"
    return {"status_text": text, "status_digest": hash(text)}


def status_of(formation: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a Formation as it is kept; an empty one if it can't be read."""
    try:
        status: dict[str, Any] = pydantic_core.from_json(formation["status_text"])
    except ValueError:  # it has too many levels
        return {}
    return status


def _declared(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec as it is kept: only names if it is too large to be rendered.

    A spec that was stored under another schema may have no types.
    """
    names = _names(spec)
    try:
        size = bounds.check(spec)
    except bounds.TooLargeError as error:
        return {"spec": names, "excess": str(error), "spec_size": 0}
    return {"spec": lenient.interned(spec), "excess": "", "spec_size": AS_OBJECTS * size}


def _cause(raw: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Return who has changed the content of a Formation and why, and the trace, given it as it was ``kept``.

    The policy's user is that of the last change, so it is the author if there was no other one since then.  A
    field manager is an author if its time is later than at that change; anyone who only removes fields leaves
    none.  A note is about a content if it was written, or is another one, since then.  Anyone who changes a
    count renews the times of all that they had written before.
    """
    metadata, annotations = raw["metadata"], lenient.mapping(raw, "metadata", "annotations")
    author = authors.author(metadata)
    note = lenient.shown(lenient.text(annotations, naming.NOTE_ANNOTATION), deploys.LONGEST_NOTE)
    trace = Trace(author.at, authors.note_time(metadata), note)
    before, left = kept.get("declared"), kept.get("trace", Trace())
    if before and content_of(lenient.mapping(raw, "spec")) == content_of(kept["spec"]):
        return {"declared": before, "trace": trace._replace(note=left.note)}
    seen = lenient.number(kept["metadata"], "generation") if before else 0
    is_users = metadata.get("generation") == seen + 1
    user = lenient.word(annotations, naming.USER_ANNOTATION) if is_users else ""
    cause = Deploy(
        by=user or (author.by if trace.at > left.at else ""),
        note=note if trace.noted > left.noted or note != left.note else "",
    )
    return {"declared": cause, "trace": trace}


def _names(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec with nothing but the names of its types and schedules."""
    declared = {part: lenient.mapping(spec, part) for part in NAMED}
    return {part: dict.fromkeys(each) for part, each in declared.items() if each or part == NAMED[0]}


def size_of(formation: dict[str, Any]) -> int:
    """Return an estimate of the bytes of memory that a Formation takes; 0 for an outline."""
    return 0 if formation.get("unkept") else int(formation["spec_size"]) + len(formation["status_text"])


def outlined(formation: dict[str, Any]) -> dict[str, Any]:
    """Return the outline of a Formation: the names of its types, and what metrics report of it."""
    status, names = status_of(formation), _names(lenient.mapping(formation, "spec"))
    conditions = [each for each in lenient.items(status, "conditions") if each["type"] == ConditionType.READY]
    brief = {
        **_brief(status, ("observedGeneration",)),
        "conditions": [_brief(each, ("type", "status", "reason")) for each in conditions[:1]],
        **{part: _types(lenient.mapping(status, part), names[part]) for part in names},
    }
    return {
        **{key: formation[key] for key in ("metadata", "status_digest")},
        "spec": names,
        "status_text": bounds.encoded(brief),
        "unkept": True,
    }


def _types(statuses: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {
        name: _brief(lenient.mapping(statuses, name), formation_status.MEASURED)
        for name in names
        if name in statuses
    }


def _brief(part: dict[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Return some fields as short texts or numbers: anyone who may write a status may write anything."""
    return {key: lenient.word(part, key) or lenient.number(part, key) for key in fields if key in part}


def is_same(before: dict[str, Any], raw: dict[str, Any]) -> bool:
    """Return whether an object has the spec that it had: each change of it makes a new generation."""
    return all(before["metadata"].get(field) == raw["metadata"].get(field) for field in ("uid", "generation"))


def is_fuller(raw: dict[str, Any], before: dict[str, Any]) -> bool:
    """Return whether a spec has what the known one of the same generation lacks.

    A watch that began before the CRD changed goes on for a moment, and prunes: an absence says nothing.
    """
    spec = lenient.mapping(raw, "spec")
    # Nearly always they are equal, which costs far less to find.
    return not (before["excess"] or before["spec"] == spec or _has(before["spec"], spec))


def _has(whole: Any, part: Any) -> bool:
    """Return whether a value has all that another one has."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _has(whole[key], value) for key, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_has, whole, part))
    return bool(whole == part)


def is_behind(raw: dict[str, Any]) -> bool:
    """Return whether a Formation has changed since its last report; false if it was never reported."""
    observed = status_of(raw).get("observedGeneration")
    return observed is not None and observed != raw["metadata"].get("generation")


def child_keys(raw: dict[str, Any]) -> list[Key]:
    """Return namespace and name of each child that a Formation wants, whether or not its spec is valid."""
    namespace, formation = key_of(raw)
    types = lenient.mapping(raw, "spec", NAMED[0])
    canaries = [(namespace, naming.child(formation, naming.canary(name))) for name in types]
    return [*declared_keys(raw), *canaries]


def declared_keys(raw: dict[str, Any]) -> list[Key]:
    """Return the same without the canaries, whose names say what they are of."""
    namespace, formation = key_of(raw)
    names = (name for part in NAMED for name in lenient.mapping(raw, "spec", part))
    return [(namespace, naming.child(formation, name)) for name in names]


def given_up(change: Change[dict[str, Any]]) -> set[Key]:
    """Return namespace and name of each child that a Formation doesn't want any more."""
    before, now = change.before, change.now
    if before is None or (now is not None and before["spec"] is now["spec"]):
        return set()  # as after each write of a status
    return {*child_keys(before)} - {*(child_keys(now) if now is not None else ())}


def lane_of(before: dict[str, Any] | None, now: dict[str, Any] | None) -> Lane | None:
    """Return the lane for a Formation that came or changed, or for its rivals if it went."""
    if before is now:
        return None
    if before is None or now is None or uid_of(before) != uid_of(now):
        return Lane.BUILD
    if before["metadata"].get("generation") != now["metadata"].get("generation"):
        return Lane.CHANGE
    if now.get("reread") and not before.get("unkept") and before["spec"] != now["spec"]:
        return Lane.CHANGE
    return Lane.REPORT if before["status_digest"] != now["status_digest"] else None
