"""Servers run with the podTemplate of the page on a read-only root file system: with `/tmp` alone."""

import pytest
import yaml

from tests.client import Client, eventually
from tests.cluster import paths
from tests.e2e import pages
from tests.systems.running import WEB_SERVERS, Running, Sample
from tests.systems.web_client import try_to_get

pytestmark = [pytest.mark.node, pytest.mark.long]

PAGE = (paths.ROOT / "docs" / "how-to" / "add-to-a-pod.md").read_text()
_, _, BELOW = PAGE.partition("## A read-only root file system")
(SHOWN,) = (yaml.safe_load(text) for kind, text in pages.blocks(BELOW) if kind == "yaml")


@pytest.mark.parametrize("system", [*WEB_SERVERS, "plain"])
def test_a_server_runs_with_a_volume_for_its_temporary_files(
    restricted: Client, sample: Sample, system: str
) -> None:
    formation = sample(system)
    template = {"spec": {key: SHOWN["spec"]["podTemplate"]["spec"][key] for key in ("containers", "volumes")}}
    restricted.apply({**formation, "spec": {**formation["spec"], "podTemplate": template}})
    running = Running(restricted, system, "worker" if system == "plain" else "web")
    running.settled(1)
    if system != "plain":
        (pod,) = (pod["metadata"]["name"] for pod in running.pods())
        assert eventually(lambda: try_to_get(f"{running.url()}/?slow=0")) == f"{pod} waited 0 s\n"
    restricted("delete", "formation", system)
