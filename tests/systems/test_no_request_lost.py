"""No request is lost, whatever is done to a web type that declares no more than its command and its port."""

import time

import pytest

from tests.live.client import Client, eventually, is_ready
from tests.shared.builders import Manifest, a_formation, a_process
from tests.systems.running import PATIENCE, WEB_SERVERS, Running, Sample
from tests.systems.web_client import SteadyClient, try_to_get

CRASHES = 2
"""Each time a new process had begun to listen before."""
STEPS = {"rollout of one", "scale-out", "kubectl delete pod", "rollout of three", "scale-in"}

pytestmark = [pytest.mark.node, pytest.mark.long]  # in every run, test_canary sends requests during a deploy


@pytest.mark.parametrize("name", WEB_SERVERS)
def test_no_request_is_lost_while_processes_come_and_go(
    name: str, restricted: Client, sample: Sample
) -> None:
    web = only_command_and_port(restricted, name, sample(name)["spec"])

    with SteadyClient(web.url()) as client:
        time.sleep(2)
        with client.during("rollout of one"):
            roll_out(web, "2")
            web.settled(1)
        with client.during("scale-out"):
            web.scale(3)
        with client.during("kubectl delete pod"):
            web.kubectl("delete", "pod", web.pods()[0]["metadata"]["name"])
            web.settled(3)
        with client.during("rollout of three"):
            roll_out(web, "3")
            web.settled(3)
        with client.during("scale-in"):
            web.scale(1)

    print("\n".join(client.figures()))
    web.kubectl("delete", "formation", name)
    assert client.failed == {}
    assert set(client.sent) >= STEPS  # and each was taken under fire


def test_a_typo_behind_a_server_that_listens_before_the_app_is_loaded_loses_no_request(
    restricted: Client, sample: Sample
) -> None:
    web = only_command_and_port(restricted, "typo", sample("gunicorn")["spec"])
    (old,) = [pod["metadata"]["name"] for pod in web.pods()]
    typo = {"processes": {"web": {"command": ["gunicorn", "web:typo"]}}}

    with SteadyClient(web.url()) as client:
        with client.during("typo"):
            loading = [{"name": "LOADS_FOR", "value": "2"}]
            web.kubectl.merge("formation", web.formation, {"spec": {"env": loading, **typo}})
            eventually(lambda: max(restarts(web)) >= CRASHES, PATIENCE)
        serving = [pod["metadata"]["name"] for pod in web.pods() if is_ready(pod)]
        why = web.status()["reason"]

    print("\n".join(client.figures()))
    web.kubectl("delete", "formation", web.formation)
    assert client.failed == {}
    assert (serving, why) == ([old], "Exited")


def restarts(web: Running) -> list[int]:
    """Return how often each process was started again."""
    statuses = (pod["status"].get("containerStatuses") or [] for pod in web.pods())
    return [each["restartCount"] for of_pod in statuses for each in of_pod]


def roll_out(web: Running, version: str) -> None:
    """Replace every process, as a new image does."""
    env = [{"name": "VERSION", "value": version}]
    web.kubectl.merge("formation", web.formation, {"spec": {"env": env}})


def only_command_and_port(kubectl: Client, name: str, spec: Manifest) -> Running:
    """Run a sample's web with nothing said about it but that."""
    declared = spec["processes"]["web"]
    process = a_process(*declared["command"], port=declared["port"], replicas=1)
    kubectl.apply(a_formation(name, image=spec["image"], processes={"web": process}))
    web = Running(kubectl, name, "web")
    web.settled(1)
    eventually(lambda: try_to_get(web.url()))  # a new Service takes a moment until it leads somewhere
    return web
