"""Which types have a disruption budget: what is declared today, and which labels their Pods have."""

import pytest

from formation_operator.api.formation import FormationSpec
from formation_operator.render import disruption, pod_template
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.facts import parsed

TYPES = {"web": a_process("/web", port=80), "worker": a_process(), "clock": a_process(singleton=True)}


def declared(today: Manifest, content: Manifest | None = None) -> dict[str, int | str]:
    return disruption.declared(parsed(today).spec, parsed(content or today).spec)


def test_that_of_the_spec_is_for_each_type_but_singletons_and_a_type_has_its_own_instead() -> None:
    own = {**TYPES, "worker": a_process(disruptionBudget={"maxUnavailable": 3})}
    assert declared(a_formation(disruptionBudget={}, processes=TYPES)) == {"web": "25%", "worker": "25%"}
    some = a_formation(disruptionBudget={"maxUnavailable": "50%"}, processes=own)
    assert declared(some) == {"web": "50%", "worker": 3}
    assert declared(a_formation(processes=own)) == {"worker": 3}, "without a declaration there is none"


def test_what_is_declared_today_counts_while_an_older_content_runs() -> None:
    content = a_formation(processes={"web": a_process(), "old": a_process(), "clock": a_process()})
    today = a_formation(processes={**TYPES, "web": a_process(disruptionBudget={"maxUnavailable": 2})})
    assert declared(today, content) == {"web": 2}
    for_all = {**today, "spec": {**today["spec"], "disruptionBudget": {}}}
    assert declared(for_all, content) == {"web": 2, "old": "25%"}, "clock is a singleton by now"


@pytest.mark.parametrize(
    "labels",
    [
        ({}, {}),
        ({"team": "blue"}, {}),
        ({"team": "blue", "app.kubernetes.io/name": "mine"}, {"team": "red", "own": "1"}),
    ],
)
def test_the_labels_are_those_of_the_pod_template_and_of_its_replica_set(
    labels: tuple[Manifest, Manifest],
) -> None:
    shared, own = ({"metadata": {"labels": each}} for each in labels)
    spec = parsed(a_formation(podTemplate=shared, processes={"web": a_process(podTemplate=own)})).spec
    template = pod_template.pod_template("shop", "web", spec, spec.processes["web"])
    found = disruption.labels("shop", spec, "web")
    tracked = {"formations.dev/track": "stable", "pod-template-hash": ""}
    assert found == {**template["metadata"]["labels"], **tracked}
    bare = FormationSpec.model_validate({"processes": {"web": {"podTemplate": {"spec": {}}}}})
    assert disruption.labels("shop", bare, "web")
