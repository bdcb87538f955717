"""What the Event about a repaired child says: who it was, what it changed, and who decides."""

from typing import Any

import pytest

from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import managed_fields
from formation_operator.render.intents import Intent
from formation_operator.sync import drift_event
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import fields, intents, parsed

WEB = a_process("/web", port=8080, env=[{"name": "OWN", "value": "1"}])
CLOCK = a_process("/clock", singleton=True)
SHOP = parsed(a_formation(processes={"web": WEB, "clock": CLOCK}, labels={"team": "blue"}, image="shop:v1"))
CONTAINER = ("spec", "template", "spec", "containers", '{"name":"web"}')
DECIDES = "The Formation decides about it"

INTENTS = {(intent.kind, intent.name): intent for intent in intents(SHOP)}
WEB_DEPLOYMENT = INTENTS[ChildKind.DEPLOYMENT, "shop-web"]
CLOCK_DEPLOYMENT = INTENTS[ChildKind.DEPLOYMENT, "shop-clock"]
SERVICE = INTENTS[ChildKind.SERVICE, "shop-web"]


def step(name: str) -> str:
    return f"k:{name}" if name.startswith("{") else f"f:{name}"


def live(intent: Intent, path: managed_fields.Path, taker: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what is there after another client has taken one field from us."""
    ours = fields({key: intent.manifest[key] for key in ("metadata", "spec")})
    node = ours
    for name in path[:-1]:
        node = node[step(name)]
    del node[step(path[-1])]
    theirs: dict[str, Any] = {}
    for name in reversed(path):
        theirs = {step(name): theirs}
    other = {"manager": "kubectl-edit", "operation": "Update", **(taker or {}), "fieldsV1": theirs}
    mine = {"manager": "formation-operator", "operation": "Apply", "fieldsV1": ours}
    return {"metadata": {"managedFields": [mine, {k: v for k, v in other.items() if v is not None}]}}


@pytest.mark.parametrize(
    ("intent", "path", "shown"),
    [
        (WEB_DEPLOYMENT, (*CONTAINER, "image"), "spec.template.spec.containers.web.image"),
        (WEB_DEPLOYMENT, ("spec", "strategy"), "spec.strategy"),
        (WEB_DEPLOYMENT, ("metadata", "labels", "team"), "metadata.labels.team"),
        (WEB_DEPLOYMENT, ("metadata", "ownerReferences"), "metadata.ownerReferences"),
        (SERVICE, ("spec", "selector"), "spec.selector"),
    ],
)
def test_the_event_names_the_client_and_what_it_changed_and_says_who_decides(
    intent: Intent, path: managed_fields.Path, shown: str
) -> None:
    note = drift_event.explain(SHOP, intent, live(intent, path)).note
    assert note == f"kubectl-edit changed {shown} of {intent.kind} {intent.name}; set it back. {DECIDES}"


def test_a_count_is_changed_by_a_command() -> None:
    note = drift_event.explain(SHOP, CLOCK_DEPLOYMENT, live(CLOCK_DEPLOYMENT, ("spec", "replicas"))).note
    assert "kubectl patch formation shop --type merge -p" in note


def test_of_a_count_the_event_says_that_the_formation_is_suspended() -> None:
    processes = {"worker": a_process(replicas=4)}
    shop = parsed(a_formation(processes=processes, suspend=True))
    (worker,) = intents(shop)
    notice = drift_event.explain(shop, worker, live(worker, ("spec", "replicas"), {"manager": "keda"}))
    assert notice.note == (
        f"keda changed spec.replicas of Deployment shop-worker; set it back. {DECIDES}, and is suspended"
    )


def test_an_object_that_was_put_in_place_of_ours_is_explained_too() -> None:
    replaced: dict[str, Any] = {"metadata": {"managedFields": [{"manager": "kubectl-replace"}]}}
    note = drift_event.explain(SHOP, WEB_DEPLOYMENT, replaced).note
    assert note.startswith("kubectl-replace changed metadata.managedFields")
    assert note.endswith(DECIDES)


@pytest.mark.parametrize("taker", [{"manager": None}, {"manager": ""}])
def test_a_client_without_a_name_is_another_client(taker: dict[str, Any]) -> None:
    path = ("spec", "strategy")
    note = drift_event.explain(SHOP, WEB_DEPLOYMENT, live(WEB_DEPLOYMENT, path, taker)).note
    assert note.startswith("Another client changed spec.strategy")
