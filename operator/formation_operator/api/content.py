"""The content of a Formation: what a deploy changes, and what a revision of it keeps.

It is the spec as the user wrote it, without what may change at any time and rolls out nothing. So a version
that knows more fields, or other defaults, gives the same content the same digest.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState

OF_FORMATION = {"suspend", "paused", "revisionHistoryLimit", "disruptionBudget", "canary"}
"""Fields of the spec that are no content."""
WITHOUT = {"processes": {"replicas", "autoscaling", "disruptionBudget"}, "schedules": {"suspend"}}
"""The maps of a spec, and the fields of their values that are no content."""

TYPE = re.compile("[a-z0-9-]{1,63}")
"""A name that a process type may have."""
LONGEST = 8192
"""Characters of what a revision says of its types that are read; ours are all shorter."""
HIGHEST = 10**12
"""A number from there on isn't ours."""


class Mark(NamedTuple):
    """What names a content that was let through: marks of one Formation compare by their numbers."""

    number: int
    """The number of its revision: the content of a higher one was let through later."""
    digest: str

    def __str__(self) -> str:
        """Return it as a Deployment has it."""
        return f"{self.number}-{self.digest}"


def number_in(text: str) -> int | None:
    """Return the number that a text is, or nothing: anyone may have written it."""
    is_one = text.isascii() and text.isdecimal() and len(text) < len(str(HIGHEST))
    return int(text) if is_one else None


def mark_in(text: str) -> Mark | None:
    """Return the mark that a text is, or nothing: anyone may have written it."""
    before, _, digest = text.partition("-")
    number, is_one = number_in(before), len(digest) == naming.DIGITS and digest.isalnum()
    return Mark(number, digest) if number and is_one else None


def content_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a spec, which is a Formation's as the API server has it."""
    content = {key: value for key, value in spec.items() if key not in OF_FORMATION}
    for part, fields in WITHOUT.items():
        if isinstance(content.get(part), Mapping):
            content[part] = {name: _without(each, fields) for name, each in content[part].items()}
    return content


def digest_of(value: Mapping[str, Any]) -> str:
    """Return what names a content, or other JSON: equal for equal ones, whatever the order of their keys."""
    return naming.digest(json.dumps(value, sort_keys=True, separators=(",", ":")))


def revision_name(formation: str, digest: str) -> str:
    """Return the name of the ControllerRevision that keeps a content of a Formation."""
    return f"{formation}-{digest}"


def digest_in(name: str) -> str:
    """Return the digest in the name of a revision."""
    return name.rpartition("-")[2]


def ran_well(annotations: Mapping[str, Any]) -> frozenset[str]:
    """Return the types that have run well with a content, by the annotations of its revision.

    Anyone may have written these.
    """
    text = annotations.get(naming.RAN_WELL_ANNOTATION)
    names = text.split(",") if isinstance(text, str) and len(text) <= LONGEST else []
    return frozenset(names) if all(map(TYPE.fullmatch, names)) else frozenset()


def has_run_well(annotations: Mapping[str, Any]) -> bool:
    """Return whether a content has run well, and hasn't failed since."""
    return bool(ran_well(annotations)) and annotations.get(naming.TRIAL_ANNOTATION) != CanaryState.FAILED


def _without(value: Any, fields: Collection[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: each for key, each in value.items() if key not in fields}
