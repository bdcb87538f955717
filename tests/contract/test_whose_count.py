"""Every way of scaling works, and nothing fights: every value that a count ever took is on record."""

from tests.contract.counting import Record, an_hpa, count, declared, managed_by
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

WORKER = {"worker": a_process(replicas=4)}


def test_an_autoscaler_takes_the_count_at_once_and_gives_it_back_in_one_step(user: Client) -> None:
    user.applied(a_formation(processes=WORKER))
    record = Record(user, "shop-worker")

    user.apply(an_hpa(6))
    eventually(lambda: count(user) == 6)
    eventually(lambda: managed_by(user) == "HorizontalPodAutoscaler/shop-worker-deployment")
    assert throughout(6, lambda: count(user)) == 6
    assert declared(user) == 4
    contended = eventually(lambda: user.condition("ScalingContended"))
    assert "take spec.processes.worker.replicas away" in contended["message"]
    # Its controller may look once more while it goes: then it finds nothing to do.
    user.merge("hpa", "shop-worker-deployment", {"spec": {"minReplicas": 1}})
    user("delete", "hpa", "shop-worker-deployment")

    eventually(lambda: count(user) == 4)
    eventually(lambda: managed_by(user) is None)
    assert record.counts() == [4, 6, 4]
    assert not user.events("ScaleHonoured")
    assert not user.events("DriftRepaired")


def test_an_autoscaler_on_the_formation_scales_web(user: Client) -> None:
    user.applied(a_formation(processes={"web": a_process("/web", replicas=2)}))

    user.apply(an_hpa(5, "shop", "Formation"))

    eventually(lambda: count(user, "shop-web") == 5)
    assert declared(user, "web") == 5


def test_a_count_that_is_taken_away_and_given_back_never_dips(user: Client) -> None:
    user.applied(a_formation(processes={"worker": a_process(replicas=5)}))
    record = Record(user, "shop-worker")

    user.applied(a_formation(processes={"worker": a_process()}))
    user("scale", "deployment/shop-worker", "--replicas=7")
    user.reported()
    user.applied(a_formation(processes={"worker": a_process()}, env=[{"name": "A", "value": "1"}]))
    user.apply(a_formation(processes={"worker": a_process(replicas=3)}))
    eventually(lambda: count(user) == 3)

    assert record.counts() == [5, 7, 3]


def test_suspending_overrides_an_autoscaler_and_resuming_brings_its_count_back(user: Client) -> None:
    user.apply(a_formation(processes={"worker": a_process()}))
    user.apply(an_hpa(3))
    eventually(lambda: count(user) == 3)

    user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: count(user) == 0)
    assert throughout(8, lambda: count(user)) == 0
    user.merge("formation", "shop", {"spec": {"suspend": None}})

    eventually(lambda: count(user) == 3)
