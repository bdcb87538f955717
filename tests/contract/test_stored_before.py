"""Formations that were stored under an older schema, and that ours refuses: reported, and in nobody's way."""

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.builders import a_formation, a_process
from tests.client import Client, established, eventually, throughout
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.contract.counting import count, counts
from tests.kustomization import load
from tests.operator_process import OperatorProcess

CRDS = paths.ROOT / "crds"
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
WELL = a_formation("well")
UNREADABLE = {
    "listed": {"image": builders.IMAGE, "processes": [{"name": "web", "command": ["/shop"]}]},
    "worded": {"image": builders.IMAGE, "processes": {"web": {"command": ["/shop"], "replicas": "two"}}},
    "empty": {},
}
"""Specs of which nothing can be made."""
IMAGELESS = a_formation("imageless") | {"spec": {"processes": {"web": a_process()}}}
"""One that is rendered, and refused then."""
ALIKE = a_formation("alike", processes={"web": {}, "worker": {}})
"""One that today's schema refuses at apply, and that runs."""


def older() -> dict[str, Any]:
    """Return our CRD as it would be if it took any spec, and so had no count to scale."""
    (crd,) = load(CRDS / "formations.yaml")
    (version,) = crd["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = ANYTHING
    schema.pop("x-kubernetes-validations")
    version["subresources"].pop("scale")
    return dict(crd)


def is_taken(user: Client, manifest: builders.Manifest, *flags: str) -> bool:
    """Apply a manifest, and tell whether the schema that is in force takes it."""
    return user("apply", "-f", "-", *flags, input=builders.text(manifest), check=False).returncode == 0


@pytest.fixture
def stored(user: Client, installed: Cluster) -> Iterator[dict[str, Any]]:
    """The Formations, as they were stored before our CRD was applied; afterwards they are gone."""
    installed.run_kubectl("apply", "-f", "-", stdin=json.dumps(older()))
    made = [a_formation(name) | {"spec": spec} for name, spec in UNREADABLE.items()]
    try:
        for manifest in [*made, IMAGELESS, ALIKE]:
            # A new schema is in force a moment after it is stored.
            eventually(functools.partial(is_taken, user, manifest))
        yield {manifest["metadata"]["name"]: manifest for manifest in made}
    finally:
        user("delete", "formations", "--all")
        installed.run_kubectl("apply", "-k", str(CRDS))
        established(user, "formations.formations.dev")


def told(user: Client, name: str) -> str:
    """Return what is said of a Formation: by its status, or where that can't be written by an Event."""
    stalled = user.condition("Stalled", name) or {}
    events = [each for each in user.all_events() if each["regarding"]["name"] == name]
    return " ".join(
        [stalled.get("reason", ""), stalled.get("message", ""), *(each["note"] for each in events)]
    )


@pytest.mark.alone
def test_what_todays_schema_refuses_is_reported_and_holds_up_neither_the_operator_nor_others(
    stored: dict[str, Any], user: Client, installed: Cluster, operator: OperatorProcess
) -> None:
    installed.run_kubectl("apply", "-k", str(CRDS))
    eventually(lambda: not is_taken(user, stored["listed"], "--dry-run=server"))
    assert not is_taken(user, a_formation("new", processes=ALIKE["spec"]["processes"]), "--dry-run=server")
    operator.restart()
    user.apply(WELL)
    user.reported("well")

    for name in stored:
        assert "spec.processes" in eventually(functools.partial(told, user, name)), name
    assert "image" in eventually(functools.partial(told, user, "imageless"))
    user.merge("formation", "well", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    eventually(lambda: count(user, "well-worker") == 3)
    process = operator.pid
    running = {"well-worker": 3, "alike-web": 1, "alike-worker": 1}
    assert throughout(3, lambda: (operator.pid, counts(user))) == (process, running)
    assert user.condition("Stalled", "alike") is None

    user.apply(a_formation("listed"))
    eventually(lambda: count(user, "listed-worker") == 1)
    eventually(lambda: user.condition("Stalled", "listed") is None)
