"""What a CEL rule of the CRD is made of.

The API server prices every rule by the limits of the lists and strings that it walks over, and
loses sight of them easily (behind optional chaining, behind ``filter(...)[0].name``).  The
helpers here keep to what it can price.

Every write of a Formation pays for every rule, a report of its status, too.  What costs is each look at a
field: the API server then copies the schemas of all fields beside it, be the field there or not.  So a rule
first asks for what is mostly absent, looks once, and walks over what there is least of.
"""

import dataclasses
import json
import re
from typing import Any, Literal

Reason = Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"]
PLACEHOLDER = r"\{([^}]*)\}"


@dataclasses.dataclass(frozen=True)
class Rule:
    """A condition that must hold, and what a user reads where it doesn't.

    In ``says`` an expression in braces is filled in from the object.
    """

    holds: str
    says: str
    at: str = ""
    """The field below the rule's own place that the message is about."""
    reason: Reason = "FieldValueInvalid"
    culprit: str = ""
    """The expression for the key that breaks the rule, known as ``t`` in ``says``."""

    def schema(self) -> dict[str, Any]:
        """Return the rule as the CRD spells it."""
        found = {
            "rule": self.holds,
            # Shown instead where the filled-in message can't be: with a line break, or too long.
            "message": re.sub(PLACEHOLDER, "...", self.says),
            "messageExpression": self.expression() if re.search(PLACEHOLDER, self.says) else "",
            "fieldPath": self.at,
            "reason": self.reason,
        }
        return {key: value for key, value in found.items() if value}

    def expression(self) -> str:
        """Return the CEL for the filled-in message."""
        parts = re.split(PLACEHOLDER, self.says)
        texts = [part if odd % 2 else json.dumps(part) for odd, part in enumerate(parts) if part]
        sentence = " + ".join(texts)
        return f"[{self.culprit}].map(t, {sentence})[0]" if self.culprit else sentence


def no_key(keys: str, condition: str, says: str, at: str = "", reason: Reason = "FieldValueInvalid") -> Rule:
    """Return the rule that no key ``t`` of a map meets a condition."""
    return Rule(f"!{keys}.exists(t, {condition})", says, at, reason, f"{keys}.filter(t, {condition})[0]")


def unless(guard: str, rule: Rule) -> Rule:
    """Return a rule that needn't be looked at where a cheaper condition holds."""
    return dataclasses.replace(rule, holds=f"{guard} || {rule.holds}")


def given(name: str, value: str, rule: Rule) -> Rule:
    """Return a rule that knows a value by a name, so that its loop needn't work it out each time.

    The API server doesn't know how much a named value can hold: nothing may walk over one.
    """
    holds, culprit = f"[{value}].all({name}, {rule.holds})", f"[{value}].map({name}, {rule.culprit})[0]"
    return dataclasses.replace(rule, holds=holds, culprit=culprit)


def one_of(fields: list[str], says: str) -> Rule:
    """Return the rule that exactly one of the fields is set."""
    return Rule(f"[{', '.join(f'has(self.{field})' for field in fields)}].exists_one(x, x)", says)


def some_container(owner: str, condition: str, kind: str = "containers", each: str = "c") -> str:
    """Return the CEL for: the owner's podTemplate has a container that meets a condition."""
    found = f"{owner}.?podTemplate.?spec.?{kind}.hasValue()"
    return f"({found} && {owner}.podTemplate.spec.{kind}.exists({each}, {condition}))"
