"""KEDA's writes are replayed: it scales between 0 and 1 itself, and leaves the rest to an HPA of its own."""

import pytest

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.contract.counting import Record, an_hpa, count, declared, managed_by
from tests.contract.keda import SCALED_OBJECT, install_keda, keda_scales
from tests.live.client import Client, eventually, throughout
from tests.live.once import once
from tests.shared.builders import a_formation, a_process


@pytest.fixture
def keda(administrator: Cluster, operator: OperatorProcess) -> None:
    """A cluster that gets to know KEDA's objects while the operator runs; its writes are replayed."""
    once("keda", lambda: install_keda(administrator))


def test_kedas_scaling_and_its_own_hpa_are_left_alone_until_it_goes(keda: None, user: Client) -> None:
    user.applied(a_formation(processes={"worker": a_process(replicas=4)}))
    user.apply(SCALED_OBJECT)
    eventually(lambda: managed_by(user) == "ScaledObject/jobs")
    record = Record(user, "shop-worker")

    for wanted in (0, 1):
        keda_scales(user, wanted)
        assert throughout(2, lambda: count(user)) == wanted
    hpa = an_hpa(6)
    user.apply(hpa)
    eventually(lambda: count(user) == 6)
    assert managed_by(user) == "ScaledObject/jobs"
    user("delete", "hpa", hpa["metadata"]["name"])
    assert throughout(2, lambda: count(user)) == 6
    keda_scales(user, 0)
    assert throughout(2, lambda: count(user)) == 0
    user("delete", "scaledobject", "jobs")

    eventually(lambda: count(user) == 4)
    assert record.counts() == [4, 0, 1, 6, 0, 4]
    assert declared(user) == 4
    assert not user.events("ScaleHonoured")
