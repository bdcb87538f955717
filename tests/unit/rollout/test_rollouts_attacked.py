"""What an attacker tried on rollouts after they had one record."""

from collections.abc import Callable

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState
from formation_operator.kube import errors, port
from tests.shared import builders
from tests.shared.builders import a_formation, a_process
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import DENIED, OLD, RELEASE, an_app
from tests.unit.fakes.shop import KEY, NO_ANSWER, REVISION, Shop
from tests.unit.gates.holes import CANARIES
from tests.unit.gates.machine import Gates
from tests.unit.gates.world import World, of_canary


def test_a_pass_waits_once_for_events_that_do_not_come() -> None:
    async def story() -> int:
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
        return len([call for call in shop.cluster.calls if call.kind == "Event"])

    assert virtual_time.run(story()) == 1


def test_a_stop_reaches_a_removed_type_that_is_called_like_a_canary() -> None:
    removed = ("change_type", "web-canary"), ("time_passes", 70), ("lose", REVISION), ("new_leader",)
    with Gates().playing(("begin", False), *removed) as gates:
        gates.declare(image="shop:v9", canary={"seconds": 10}, processes={"web-canary": None})
        gates.play(("time_passes", 60), ("stop",), ("time_passes", 120))
        assert set(gates.world.counts().values()) == {0}


async def test_a_forged_number_of_zero_names_no_content() -> None:
    shop = Shop()
    await shop.settle()
    await shop.stand()
    forged = {naming.CONTENT_ANNOTATION: f"0-{shop.name.removeprefix('shop-')}"}
    for raw in shop.cluster.all("Deployment"):
        name, ours = raw["metadata"]["name"], Owner(naming.FIELD_MANAGER, "Apply")
        shop.cluster.merge("Deployment", "default", name, {"metadata": {"annotations": forged}}, by=ours)
    shop.remove(REVISION)
    shop.restart()
    await shop.later(2)
    assert shop.ready_reason != "InternalError"


# What an attacker tried on rollouts by lost answers, Pods without room, and revisions of others.


LOOP = {"virtual": virtual_time.VirtualLoop}
BY_DEFAULT = ("begin",), ("change_canary", None), ("time_passes", 70)
WITHOUT = ("begin", False), ("time_passes", 5)
IMPATIENT = ("change_deadline", "web", 20), ("change_deadline", "worker", 20), ("time_passes", 70)
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


@pytest.mark.parametrize("error", [DENIED, NO_ANSWER], ids=["refused", "unanswered"])
def test_canaries_that_run_and_cannot_be_repaired_are_not_given_up_and_their_crash_counts(
    error: errors.ClusterError,
) -> None:
    with Gates().playing(*BY_DEFAULT, ("deploy", "crashes after 8 s")) as gates:
        world = gates.world
        world.wait(0.3)
        for name in CANARIES:
            world.refuse("apply", "Deployment", error, f"shop-{name}")
            world.refuse("patch", "Deployment", error, f"shop-{name}")
        world.scale(**dict.fromkeys(CANARIES, 2))
        world.wait(90)
        world.shows("web=2:v1 worker=2:v1 ready=CanaryFailed")


async def test_an_orphan_that_failed_does_not_spare_the_next_formation_its_release_command() -> None:
    shop = await an_app(release=RELEASE, canary={"seconds": 10})
    shop.run_well()
    await shop.change(image="shop:v2")
    await shop.finish()
    shop.note(naming.TRIAL_ANNOTATION, CanaryState.FAILED)
    shop.leave("Deployment", "Service", REVISION)
    shop.remove("Job")
    shop.come_back(image="shop:v2")
    await shop.settle()
    shop.shows("jobs=1 release=Running web=1:v1")


async def test_a_release_command_names_the_job_of_an_earlier_formation_that_it_waits_for() -> None:
    shop = await an_app(release=RELEASE)
    await shop.change(image="shop:v2")
    earlier = shop.job
    shop.leave("Job")
    shop.come_back(image="shop:v3")
    await shop.settle()
    shop.shows("jobs=2 ready=Releasing")
    waits = f"the release command starts once Job {earlier} has ended"
    assert f"{waits}; to end it: kubectl delete job {earlier}" in shop.condition()["message"]
    shop.end()
    await shop.settle()
    shop.shows("jobs=3")


def test_canaries_that_have_room_by_now_have_to_stand() -> None:
    with Gates().playing(*BY_DEFAULT, ("quota", "Pod"), ("deploy", "crashes")) as gates:
        world = gates.world
        world.wait(5)
        gates.quota("Pod", is_full=False)
        for _ in range(62):  # in which the operator has others to look after
            world.time.seconds += 1
            world.controllers.settle()
        world.one_pass()
        world.shows("web=2:v1 worker=2:v1")


def test_a_canary_that_runs_has_to_stand_although_another_one_has_no_room() -> None:
    with Gates().playing(*BY_DEFAULT) as gates:
        world = gates.world
        world.controllers.quotas["Pod"] = len(world.cluster.there("Pod")) + 1
        gates.deploy("hangs")
        world.wait(75)
        world.shows("web=2:v1 worker=2:v1 web-canary=1:v2")


async def test_no_number_is_given_twice_where_no_revision_can_be_listed() -> None:
    shop = await an_app()
    for version in (1, 2, 3):
        await shop.change(image=f"shop:v{version}")
        await shop.stand()
        await shop.later(61)
    shop.remove("Deployment")
    shop.restart()
    shop.refuse("select", REVISION, times=1)
    for _ in range(2):
        await shop.settle()
        shop.run_well()
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2, "shop:v3": 3}


@pytest.mark.parametrize("changes_leader", [False, True])
def test_a_revision_that_is_deleted_in_its_first_minute_is_made_again(changes_leader: bool) -> None:
    with Gates().playing(*WITHOUT, ("deploy",), ("time_passes", 20)) as gates:
        gates.lose(REVISION)
        if changes_leader:
            gates.new_leader()
        gates.world.wait(300)
        assert gates.world.revisions()["shop:v2"] == 2
        assert gates.world.status["revision"]["ready"]


async def test_a_declared_canary_that_an_older_crd_has_dropped_is_not_left_out_for_want_of_a_surge() -> None:
    full = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    shop = await an_app({"worker": a_process(replicas=2, **full)}, canary={"seconds": 10})
    shop.cluster.spec_schema = OLD
    await shop.change(image="shop:v2", canary=None)  # as that CRD has it
    shop.shows("worker=2:v1 worker-canary=1:v2")


def test_a_crash_of_another_version_is_not_noted_on_the_one_before() -> None:
    with Gates().playing(*WITHOUT, ("deploy",), ("time_passes", 70), ("deploy_again", 1)) as gates:
        gates.world.wait(20)  # too short a time to have run well again
        gates.world.refuse("apply", REVISION, QUOTA)
        gates.deploy("crashes")
        gates.world.wait(30)
        assert says(gates.world, "shop:v1", naming.RAN_WELL_ANNOTATION)


def test_a_crash_after_a_note_that_got_no_answer_does_not_end_what_ran_well() -> None:
    with Gates().playing(*WITHOUT, ("deploy",)) as gates:
        world = gates.world
        world.wait(20)
        world.cluster.incidents.append(Incident("patch", REVISION, error=NO_ANSWER, carried_out=True))
        wait_until(world, lambda: bool(says(world, "shop:v2", naming.RAN_WELL_ANNOTATION)))
        end_a_process(world, "shop:v2")
        assert "Failed" not in says(world, "shop:v2", naming.DEPLOYS_ANNOTATION)


def test_a_crash_is_not_noted_where_its_revision_cannot_be_read() -> None:
    with Gates().playing(*BY_DEFAULT, ("deploy", "hangs"), ("time_passes", 10)) as gates:
        gates.lose_status()
        gates.world.cluster.incidents.append(Incident("get", REVISION, error=NO_ANSWER))
        end_a_process(gates.world, "shop:v1")
        assert says(gates.world, "shop:v1", naming.RAN_WELL_ANNOTATION)


def test_a_status_says_nothing_of_canaries_of_a_version_that_is_replaced_during_a_pause() -> None:
    with Gates().playing(*BY_DEFAULT, ("deploy", "crashes"), ("time_passes", 40), ("pause",)) as gates:
        gates.time_passes(5)
        assert gates.world.status["canary"]["state"] == "Failed"
        gates.deploy()
        gates.time_passes(5)
        assert "canary" not in gates.world.status


async def test_a_deploy_comes_through_although_each_answer_takes_most_of_the_time_it_may() -> None:
    shop = await an_app(canary=None)
    await shop.stand()
    shop.cluster.incidents.append(Incident(hangs=0.9 * port.PATIENCE, times=1e9))
    shop.declare(image="shop:v2")
    for _ in range(12):
        await shop.passes(1, 20)
        shop.run_well()
    shop.shows("web=1:v2 worker=2:v2")


async def test_canaries_stay_though_somebody_takes_the_name_of_their_revision() -> None:
    shop = await an_app(canary={"seconds": 10})
    shop.run_well()
    await shop.change(image="shop:v2")
    (name,) = (each["metadata"]["name"] for each in shop.cluster.all(REVISION) if not each["revision"])
    shop.remove(REVISION, name)
    shop.forge(name, None, data={"image": "evil"})
    shop.run_well()
    await shop.passes(8, 5)
    shop.shows("ready=NameTaken web=1:v1 web-canary=1:v2")
    shop.remove(REVISION, name)
    await shop.settle()
    shop.run_well()
    await shop.passes(8, 5)
    shop.shows("web=1:v2")
