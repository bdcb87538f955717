"""The model of Kubernetes' controllers does to the fakes what tests of the operator rely on.

That it does what the real ones do is for `tests/contract/test_model.py`.
"""

from typing import Any

import pytest

from formation_operator.kube import errors
from formation_operator.kube.port import Object
from tests.shared.builders import NOW
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.controllers import Controllers, Process

PLACE = ("Deployment", "default", "web")


def a_deployment(image: str = "good", **spec: Any) -> Object:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    about = {"kind": "Deployment", "metadata": {"namespace": "default", "name": "web"}}
    return {**about, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}}


class World:
    """Controllers at work on a cluster, at a time that a test sets."""

    def __init__(self) -> None:
        self.now, self.cluster = NOW, FakeCluster()
        behaviours = {"good": Process(), "slow to end": Process(grace=20)}
        self.controllers = Controllers(
            self.cluster, lambda: self.now, lambda container: behaviours[container["image"]]
        )

    def apply(self, **about: Any) -> Object:
        self.cluster.write(a_deployment(**about))
        return self.rest()

    def rest(self) -> Object:
        self.controllers.settle()
        while (wake := self.controllers.wake()) is not None:
            assert wake > 0
            self.now += wake
            self.controllers.settle()
        return self.cluster.all("Deployment")[0] if self.cluster.all("Deployment") else {}

    def kinds(self) -> set[str]:
        return {raw["kind"] for raw in self.cluster.everything()}


@pytest.fixture
def world() -> World:
    return World()


def test_a_quota_and_a_policy_refuse_what_anybody_creates(world: World) -> None:
    world.controllers.quotas = {"Pod": 2, "Deployment": 1}
    status = world.apply(replicas=3)["status"]
    assert (status["replicas"], status["unavailableReplicas"]) == (2, 1)
    assert "exceeded quota" in status["conditions"][-1]["message"]
    with pytest.raises(errors.UnavailableError, match="exceeded quota"):
        world.cluster.put("Deployment", a_deployment())
    world.controllers.quotas, world.controllers.refused = {}, {"Job"}
    assert world.rest()["status"]["availableReplicas"] == 3
    with pytest.raises(errors.InvalidError) as refusal:
        world.cluster.put("Job", {"spec": {}})
    assert errors.is_verdict(refusal.value)


@pytest.mark.parametrize("spec", [{"progressDeadlineSeconds": 2**31}, {"minReadySeconds": 600}], ids=str)
def test_times_that_do_not_fit_are_refused(world: World, spec: dict[str, int]) -> None:
    with pytest.raises(errors.InvalidError, match="progressDeadlineSeconds"):
        world.apply(**spec)


def test_a_number_beyond_32_bits_is_cut_and_is_no_change_the_next_time(world: World) -> None:
    generations = [world.apply(minReadySeconds=2**32 + 5)["metadata"]["generation"] for _ in range(2)]
    assert world.cluster.read(*PLACE)["spec"]["minReadySeconds"] == 5
    assert generations == [1, 1]


def test_old_processes_end_before_new_ones_begin_if_a_deployment_recreates(world: World) -> None:
    world.apply(image="slow to end", replicas=2, strategy={"type": "Recreate"})
    world.cluster.write(a_deployment(replicas=2, strategy={"type": "Recreate"}))
    world.controllers.settle()
    assert world.cluster.read(*PLACE)["status"]["terminatingReplicas"] == 2
    assert world.controllers.wake() == 20
    assert world.rest()["status"]["updatedReplicas"] == 2


@pytest.mark.parametrize(
    ("cascade", "left"),
    [("background", set()), ("foreground", set()), ("orphan", {"ReplicaSet", "Pod"})],
)
def test_what_a_deleted_deployment_had_goes_or_is_left_and_adopted(
    world: World, cascade: str, left: set[str]
) -> None:
    world.apply(replicas=2)
    pods = world.cluster.all("Pod")
    world.controllers.delete(*PLACE, cascade)
    world.rest()
    assert world.kinds() == left
    world.apply(replicas=2)
    assert (world.cluster.all("Pod") == pods) == bool(left)
