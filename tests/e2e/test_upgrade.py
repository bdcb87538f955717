"""From the last release to this version and back, while Formations run and are scaled: nobody restarts."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import shop_image
from hack.operator_process import OperatorProcess
from tests.contract.counting import count, declared
from tests.e2e.versions import Version, install, instead_of
from tests.e2e.workers import READY, worker
from tests.live.client import Client, eventually, is_ready, throughout
from tests.shared import earlier as released
from tests.shared.builders import a_formation, a_process

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]

RESTING = a_formation(
    "resting",
    image=f"{shop_image.REPOSITORY}:v1",
    processes={"worker": a_process("/shop", "worker", terminationGracePeriodSeconds=1)},
)


@pytest.fixture
def earlier(
    real_node: Cluster, operator: OperatorProcess, shop: None, tmp_path: pathlib.Path
) -> Iterator[Version]:
    """The last release at work, with its own CRD and rights."""
    try:
        sources = released.extract(tmp_path / "earlier")
    except released.NotHereError as error:
        pytest.skip(str(error))
    with instead_of(operator, sources) as version:
        yield version


def processes(user: Client) -> dict[str, list[tuple[str, int]]]:
    """Return, by the uid of each Pod that is here to stay, its containers and their restarts."""
    return {
        pod["metadata"]["uid"]: [
            (each["containerID"], each["restartCount"]) for each in pod["status"]["containerStatuses"]
        ]
        for pod in user.list_all("pod")
        if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    }


def objects(user: Client) -> dict[str, tuple[str, int]]:
    """Return uid and generation of each object that the operator made."""
    made: list[dict[str, Any]] = [*user.list_all("deployment"), *user.list_all("service")]
    return {
        f"{each['kind']}/{each['metadata']['name']}": (
            each["metadata"]["uid"],
            each["metadata"].get("generation", 0),
        )
        for each in made
    }


def scaled(user: Client, wanted: int) -> bool:
    """Tell whether the Formation says so, so many workers are ready, and the status is about that."""
    user.reported()
    return declared(user) == wanted == worker(user).get("readyReplicas")


def hand_over(user: Client, before: Version, after: Version, wanted: int) -> None:
    """Have another version go on, and somebody scale a type while neither runs."""
    ran, made = processes(user), objects(user)
    before.operator.stop()
    user("scale", "deployment/shop-worker", f"--replicas={wanted}")
    install(user.cluster, after.sources)
    after.operator.start()

    eventually(lambda: scaled(user, wanted))
    uid, generation = made["Deployment/shop-worker"]
    # Whoever scales is one, and the count that we note is another: a Deployment counts annotations, too.
    expected = {**made, "Deployment/shop-worker": (uid, generation + 2)}
    assert throughout(3, lambda: objects(user)) == expected
    now = processes(user)
    assert ran.items() <= now.items()
    assert len(now) == len(ran) + 1


def test_an_upgrade_and_the_way_back_restart_nobody_and_forget_no_count(
    earlier: Version, operator: OperatorProcess, kubectl: Client
) -> None:
    user, present = kubectl, Version(paths.ROOT, operator)
    user("apply", "-k", str(earlier.sources / "manifests" / "samples"))
    user.apply(RESTING)
    user(*READY)
    user.reported("resting")
    user("scale", "deployment/resting-worker", "--replicas=2")
    eventually(lambda: worker(user, "resting").get("readyReplicas") == 2)
    user.merge("formation", "resting", {"spec": {"suspend": True}})
    eventually(lambda: count(user, "resting-worker") == 0)
    eventually(lambda: len(user.list_all("pod")) == len(processes(user)) == 5)

    hand_over(user, earlier, present, 3)
    user("scale", "formation/shop", "--replicas=3")
    eventually(lambda: len(processes(user)) == 7)
    hand_over(user, present, earlier, 4)

    user.merge("formation", "resting", {"spec": {"suspend": None}})
    eventually(lambda: count(user, "resting-worker") == 2)
    assert user.events("DriftRepaired") == []
