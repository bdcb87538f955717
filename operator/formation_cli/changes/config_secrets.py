"""The Secrets that have a Formation's secret variables: each is made once, and none is changed.

A change makes another one, so that it is a deploy and can be taken back. Its name is random: a digest of what
is in it would let anyone who sees the name try out guesses.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from formation_cli.objects import CONFIG_LABEL, Object, owner
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

KIND = "Secret"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SUFFIX = "[0-9a-f]{10}"
"""How a name ends: ten random digits."""


def manifest(formation: Object, data: Mapping[str, str], suffix: str) -> Object:
    """Return a Secret with values in base64, whose name ends so; it goes with the Formation."""
    name = formation["metadata"]["name"]
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {
            "name": f"{name}-config-{suffix}",
            "labels": {naming.FORMATION_LABEL: name, CONFIG_LABEL: ""},
            "ownerReferences": [owner(formation)],
        },
        "type": "Opaque",
        "immutable": True,
        "data": {**data},
    }


def encoded(value: str) -> str:
    """Return a value as a Secret has it."""
    return base64.b64encode(value.encode()).decode()


def selector(formation: Object) -> str:
    """Return the labels by which the Secrets of a Formation are found; `is_ours` decides."""
    return f"{naming.FORMATION_LABEL}={formation['metadata']['name']},{CONFIG_LABEL}"


def is_ours(secret: Object, formation: Object) -> bool:
    """Tell whether `config` has made a Secret for this Formation: by its name, its label and its owner.

    A restore drops owners, and so does a Formation that is deleted with ``--cascade=orphan``.
    """
    metadata = secret["metadata"]
    owners = {each.get("uid") for each in lenient.items(metadata, "ownerReferences")}
    return (
        _is_name(metadata["name"], formation)
        and CONFIG_LABEL in lenient.mapping(metadata, "labels")
        and (formation["metadata"]["uid"] in owners or not owners)
    )


def named(formation: Object) -> list[str]:
    """Return the Secrets whose keys all types get and whose names are as we give them, in their order."""
    return [name for each in env_from(formation) if _is_name(name := own_name(each), formation)]


def own_name(source: Object) -> str:
    """Return the Secret that an item of envFrom names, if it takes the keys as they are."""
    return "" if source.get("prefix") else lenient.text(lenient.mapping(source, "secretRef"), "name")


def env_from(formation: Object) -> list[Object]:
    """Return the sources of variables that all types share."""
    return lenient.items(lenient.mapping(formation, "spec"), "envFrom")


def _is_name(name: str, formation: Object) -> bool:
    return re.fullmatch(f"{re.escape(formation['metadata']['name'])}-config-{SUFFIX}", name) is not None


def unnamed(secrets: Iterable[Object], formation: Object, holders: Iterable[Object]) -> list[str]:
    """Return the names of a Formation's Secrets that neither it nor any of the holders names anywhere.

    The manifest that `kubectl apply` has noted counts, too: applied again, it brings back what it names.
    """
    applied = str(lenient.mapping(formation, "metadata", "annotations").get(LAST_APPLIED))
    ours = {each["metadata"]["name"] for each in secrets if is_ours(each, formation)}
    ours = {each for each in ours if each not in applied}
    for holder in (formation, *holders):
        ours -= _texts({key: value for key, value in holder.items() if key != "metadata"})
    return sorted(ours)


def _texts(value: Any) -> set[str]:
    """Return all texts in an object, however deep: a Secret may be named in a volume or a variable, too."""
    found, rest = set(), [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            found.add(each)
        elif isinstance(each, dict):
            rest += each.values()
        elif isinstance(each, list):
            rest += each
    return found
