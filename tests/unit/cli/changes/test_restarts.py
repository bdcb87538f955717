from typing import Any

import pytest

from formation_cli.changes import restarts
from formation_cli.words.sources import CONFIG_MAP, SECRET, Source
from tests.unit.cli.deployments import a_deployment

CONFIG, KEYS = Source(CONFIG_MAP, "shop"), Source(SECRET, "shop")


def variable(reference: str) -> dict[str, Any]:
    """Return a container with a variable from a key of an object."""
    return {"env": [{"name": "A", "valueFrom": {reference: {"name": "shop", "key": "a"}}}]}


def projected(*sources: dict[str, Any]) -> dict[str, Any]:
    """Return a Pod with a volume of several sources."""
    return {"volumes": [{"projected": {"sources": [*sources]}}]}


ALL_OF_SECRET: dict[str, Any] = {"envFrom": [{"secretRef": {"name": "shop"}}]}
ALL_OF_CONFIG: dict[str, Any] = {"envFrom": [{"configMapRef": {"name": "shop"}}]}
WAYS: dict[str, tuple[Source, dict[str, Any]]] = {
    "a variable from a Secret": (KEYS, {"containers": [variable("secretKeyRef")]}),
    "a variable from a ConfigMap": (CONFIG, {"containers": [variable("configMapKeyRef")]}),
    "all variables of a Secret": (KEYS, {"containers": [ALL_OF_SECRET]}),
    "all variables of a ConfigMap": (CONFIG, {"containers": [ALL_OF_CONFIG]}),
    "the second container": (CONFIG, {"containers": [{}, ALL_OF_CONFIG]}),
    "an init container": (CONFIG, {"initContainers": [ALL_OF_CONFIG]}),
    "a volume of a Secret": (KEYS, {"volumes": [{"name": "v", "secret": {"secretName": "shop"}}]}),
    "a volume of a ConfigMap": (CONFIG, {"volumes": [{"name": "v", "configMap": {"name": "shop"}}]}),
    "a Secret in a projected volume": (KEYS, projected({"downwardAPI": {}}, {"secret": {"name": "shop"}})),
    "a ConfigMap in a projected volume": (CONFIG, projected({"configMap": {"name": "shop"}})),
}


@pytest.mark.parametrize(("source", "pod"), WAYS.values(), ids=WAYS)
def test_every_way_to_use_a_source_counts_for_that_source_alone(source: Source, pod: dict[str, Any]) -> None:
    deployment = a_deployment(pod=pod)
    other_kind = KEYS if source == CONFIG else CONFIG
    assert restarts.uses(deployment, [source])
    assert restarts.uses(deployment, [other_kind, source])
    assert not restarts.uses(deployment, [other_kind, source._replace(name="other")])


def test_a_deployment_is_known_by_its_labels_its_name_and_its_owner_together() -> None:
    made = a_deployment("shop", "web")
    assert restarts.type_of(made) == ("shop", "web")
    for key, value in {"name": "web", "ownerReferences": [], "labels": {}}.items():
        assert restarts.type_of({**made, "metadata": {**made["metadata"], key: value}}) is None
