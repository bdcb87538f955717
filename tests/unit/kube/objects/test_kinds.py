"""What sets the kinds of children apart is true of the model, and of what is rendered."""

import pytest

from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children
from formation_operator.render import intents as rendered
from formation_operator.render.intents import Intent
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import intents, parsed

WEB = a_process("/web", port=8080)
ALL = {**WEB, "disruptionBudget": {}, "autoscaling": {"maxReplicas": 3}}
REPORT = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
EVERYTHING = intents(parsed(a_formation(processes={"web": ALL}, schedules={"nightly-report": REPORT})))
STORED = {"uid": "1", "resourceVersion": "1", "ownerReferences": []}


def test_a_formation_that_has_all_it_can_have_has_each_kind_of_child() -> None:
    assert {intent.kind for intent in EVERYTHING} == {*ChildKind}


@pytest.mark.parametrize("intent", EVERYTHING, ids=lambda intent: str(intent.kind))
def test_a_child_is_recognized_by_the_labels_that_its_pods_or_jobs_were_given(intent: Intent) -> None:
    orphan = {**intent.manifest, "metadata": {**intent.manifest["metadata"], **STORED}}
    assert children.child(orphan, intent.kind).is_orphan_of("shop", intent.process_type)
    another = {**orphan, "spec": {**orphan["spec"], "selector": {}, "jobTemplate": {}}}
    if not intent.kind.traits.selector:  # then its name counts
        another["metadata"] = {**orphan["metadata"], "name": "another"}
    assert children.child(another, intent.kind).orphan_of == ""


def test_an_orphaned_canary_is_recognized_as_that_of_its_type() -> None:
    formation = parsed(a_formation(processes={"web": WEB}, canary={"seconds": 5}))
    manifest = rendered.canary(formation.metadata, formation.spec, "web", 1).manifest
    raw = {**manifest, "metadata": {**manifest["metadata"], **STORED}}
    orphan = children.child(raw, ChildKind.DEPLOYMENT)
    assert orphan.orphan_of == "shop/web-canary"
    assert orphan.is_orphan_of("shop", "web-canary")
    assert not orphan.is_orphan_of("shop", "web")


WITHOUT = {
    ChildKind.SERVICE: ("set spec.processes.web.service to false", {**WEB, "service": False}),
    ChildKind.POD_DISRUPTION_BUDGET: ("remove disruptionBudget (of spec.processes.web or of spec)", WEB),
    ChildKind.CRON_JOB: ("remove spec.schedules.nightly-report", WEB),
    ChildKind.HORIZONTAL_POD_AUTOSCALER: ("remove spec.processes.web.autoscaling", WEB),
}


@pytest.mark.parametrize("intent", EVERYTHING, ids=lambda intent: str(intent.kind))
def test_a_formation_that_does_what_a_message_says_does_without_a_child(intent: Intent) -> None:
    said, process = WITHOUT.get(intent.kind, ("", WEB))
    assert intent.without == said
    left = {each.kind for each in intents(parsed(a_formation(processes={"web": process})))}
    assert (intent.kind in left) == (not said)
