"""Which variables of Services a process has, as the page on them says."""

import pytest
import yaml

from hack.cluster import paths
from tests.e2e import pages, workers
from tests.live.client import Client
from tests.shared.builders import Manifest

pytestmark = pytest.mark.node

PAGE = (paths.ROOT / "docs" / "how-to" / "from-deployments.md").read_text()
_, _, BELOW = PAGE.partition("## Variables of Services")
NAMES, LINKS = (yaml.safe_load(text) for kind, text in pages.blocks(BELOW) if kind == "yaml")
"""Fields of the spec; the second may be a type's, too."""
REDIS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "redis"},
    "spec": {"ports": [{"port": 6379}]},
}


@pytest.fixture
def redis(person: Client) -> str:
    """The address of a Service in the namespace."""
    person.apply(REDIS)
    return str(person.get("service", "redis")["spec"]["clusterIP"])


def environment(person: Client, shown: Manifest, name: str) -> dict[str, str]:
    """Return the variables of a worker with what the page shows, which runs under a name."""
    own = {key: value for key, value in shown.items() if key == "podTemplate"}
    shop = workers.shop(name=name, minReadySeconds=0, **own)
    person.apply({**shop, "spec": {**shop["spec"], "env": shown.get("env", [])}})
    person("wait", "--for=condition=Ready", f"formation/{name}", "--timeout=180s")
    lines = person("exec", f"deployment/{name}-worker", "--", "env").stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_services_are_in_the_environment_only_where_links_are_turned_on(person: Client, redis: str) -> None:
    plain, linked = environment(person, NAMES, "plain"), environment(person, LINKS, "linked")

    of_services = {name: value for name, value in plain.items() if name.startswith("REDIS_")}
    assert of_services == {"REDIS_SERVICE_HOST": "redis", "REDIS_SERVICE_PORT": "6379"}
    assert "KUBERNETES_SERVICE_HOST" in plain
    assert (linked["REDIS_SERVICE_HOST"], linked["REDIS_SERVICE_PORT"]) == (redis, "6379")
    assert linked["REDIS_PORT"] == f"tcp://{redis}:6379"
    assert sum(name.startswith("REDIS_PORT_6379_TCP") for name in linked) == 4
    assert sum(name.startswith("REDIS_") for name in linked) == 7
    assert environment(person, {**LINKS, **NAMES}, "both")["REDIS_SERVICE_HOST"] == "redis"
