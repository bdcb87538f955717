"""Servers run with the podTemplate of the page on a read-only root file system: with `/tmp` alone."""

import pytest

from tests.e2e import read_only
from tests.live.client import Client, eventually
from tests.systems.running import WEB_SERVERS, Running, Sample
from tests.systems.web_client import try_to_get

pytestmark = [pytest.mark.node, pytest.mark.long]


@pytest.mark.parametrize("system", [*WEB_SERVERS, "plain"])
def test_a_server_runs_with_a_volume_for_its_temporary_files(
    restricted: Client, sample: Sample, system: str
) -> None:
    formation = sample(system)
    shown = read_only.SAMPLE["spec"]["podTemplate"]["spec"]
    template = {"spec": {key: shown[key] for key in ("containers", "volumes")}}
    restricted.apply({**formation, "spec": {**formation["spec"], "podTemplate": template}})
    running = Running(restricted, system, "worker" if system == "plain" else "web")
    running.settled(1)
    if system != "plain":
        (pod,) = (pod["metadata"]["name"] for pod in running.pods())
        assert eventually(lambda: try_to_get(f"{running.url()}/?slow=0")) == f"{pod} waited 0 s\n"
    restricted("delete", "formation", system)
