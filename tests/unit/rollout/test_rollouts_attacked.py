"""What an attacker tried on rollouts after they had one record."""

from collections.abc import Callable

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from tests.shared import builders
from tests.shared.builders import a_formation, a_process
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import KEY, NO_ANSWER, REVISION, Shop
from tests.unit.gates.holes import BACK, DEFAULT, PLAIN, UNPROVEN
from tests.unit.gates.machine import Gates
from tests.unit.gates.world import World, of_canary

LOOP = {"virtual": virtual_time.VirtualLoop}


async def test_a_pass_waits_once_for_events_that_do_not_come() -> None:
    processes = {f"t{number}": a_process(replicas=3) for number in range(8)}
    shop = Shop(a_formation(image="shop:v1", processes=processes))
    await shop.settle()
    await shop.stand()
    for name in processes:
        container = builders.a_container(builders.waiting("ContainerCreating"), name=name)
        labels = {naming.PROCESS_TYPE_LABEL: name}
        shop.cluster.put("Pod", builders.a_pod(container, name=name, uid=name, labels=labels))
        unready = {"status": {"readyReplicas": 0, "availableReplicas": 0}}
        shop.cluster.merge("Deployment", "default", f"shop-{name}", unready)
    shop.refuse("select", "Event", hangs=30.0)
    shop.time.seconds += 100
    await shop.operator.run(KEY)
    assert len([call for call in shop.cluster.calls if call.kind == "Event"]) == 1


BY_DEFAULT = PLAIN, DEFAULT, 70
IMPATIENT = ("change_deadline", "web", 20), ("change_deadline", "worker", 20), 70
QUOTA = errors.UnavailableError('controllerrevisions.apps "x" is forbidden: exceeded quota: small')


def wait_until(world: World, happens: Callable[[], bool]) -> None:
    """Have time pass until something has happened."""
    for _ in range(400):
        if happens():
            return
        world.wait(0.2)
    raise AssertionError("it never happens")


def evict_canaries(world: World) -> None:
    """Have the Pods of canaries go, as a node is drained, and have no room for others."""
    for raw in world.cluster.all("Pod"):
        if of_canary(raw):
            world.cluster.remove("Pod", "default", raw["metadata"]["name"])
    world.controllers.quotas["Pod"] = len(world.cluster.there("Pod"))


def fail_without_an_answer(world: World, *, carried_out: bool) -> None:
    """Have the canaries fail, the note of that get no answer, and then no canary have room."""
    world.wait(0.5)
    world.cluster.incidents.append(Incident("patch", REVISION, error=NO_ANSWER, carried_out=carried_out))
    wait_until(world, lambda: world.status.get("canary", {}).get("state") == "Failed")
    evict_canaries(world)


def says(world: World, image: str, annotation: str) -> str:
    """Return what an annotation of the revision of an image says."""
    [found] = [raw["metadata"] for raw in world.cluster.all(REVISION) if raw["data"]["image"] == image]
    return str(found["annotations"].get(annotation, ""))


def end_a_process(world: World, image: str) -> None:
    """Have a process of a version go, and those that come after it crash."""
    world.behaviours[image] = "crashes", "succeeds", ""
    pods = [raw for raw in world.cluster.all("Pod") if raw["spec"]["containers"][0]["image"] == image]
    world.cluster.remove("Pod", "default", pods[0]["metadata"]["name"])
    world.wait(20)


@pytest.mark.parametrize("process", ["crashes", "hangs"])
def test_a_failure_whose_note_got_no_answer_is_not_let_through_for_want_of_room(process: str) -> None:
    with Gates().playing(*BY_DEFAULT, *IMPATIENT, ("deploy", process)) as gates:
        fail_without_an_answer(gates.world, carried_out=True)
        gates.world.wait(100)
        gates.world.shows("web=2:v1 worker=2:v1")


@pytest.mark.parametrize("process", ["crashes", "hangs"])
def test_a_failure_that_only_the_status_says_counts_for_the_next_leader(process: str) -> None:
    with Gates().playing(*BY_DEFAULT, *IMPATIENT, ("deploy", process)) as gates:
        fail_without_an_answer(gates.world, carried_out=False)
        gates.new_leader()
        gates.world.wait(110)
        gates.world.shows("web=2:v1 worker=2:v1")


def test_a_crash_of_another_version_is_not_noted_on_the_one_before() -> None:
    with Gates().playing(UNPROVEN, 5, "deploy", 70, BACK) as gates:
        gates.world.wait(20)  # too short a time to have run well again
        gates.world.refuse("apply", REVISION, QUOTA)
        gates.deploy("crashes")
        gates.world.wait(30)
        assert says(gates.world, "shop:v1", naming.RAN_WELL_ANNOTATION)


def test_a_crash_after_a_note_that_got_no_answer_does_not_end_what_ran_well() -> None:
    with Gates().playing(UNPROVEN, 5, "deploy") as gates:
        world = gates.world
        world.wait(20)
        world.cluster.incidents.append(Incident("patch", REVISION, error=NO_ANSWER, carried_out=True))
        wait_until(world, lambda: bool(says(world, "shop:v2", naming.RAN_WELL_ANNOTATION)))
        end_a_process(world, "shop:v2")
        assert "Failed" not in says(world, "shop:v2", naming.DEPLOYS_ANNOTATION)
