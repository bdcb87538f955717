"""KEDA's writes are replayed: it scales between 0 and 1 itself, and leaves the rest to an HPA of its own."""

import pytest

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.contract.counting import Record, an_hpa, count, declared, managed_by
from tests.contract.keda import SCALED_OBJECT, install_keda, keda_scales
from tests.live.client import Client, eventually, throughout
from tests.live.once import once
from tests.shared.builders import a_formation, a_process

WORKER = {"worker": a_process(replicas=4)}


@pytest.fixture
def keda(administrator: Cluster, operator: OperatorProcess) -> None:
    """A cluster that gets to know KEDA's objects while the operator runs; its writes are replayed."""
    once("keda", lambda: install_keda(administrator))


@pytest.fixture
def keda_user(keda: None, user: Client) -> Client:
    """A user whose worker KEDA scales."""
    user.applied(a_formation(processes=WORKER))
    user.apply(SCALED_OBJECT)
    eventually(lambda: managed_by(user) == "ScaledObject/jobs")
    return user


def test_kedas_scaling_and_its_own_hpa_are_left_alone_until_it_goes(keda_user: Client) -> None:
    record = Record(keda_user, "shop-worker")

    for wanted in (0, 1):
        keda_scales(keda_user, wanted)
        assert throughout(2, lambda: count(keda_user)) == wanted
    hpa = an_hpa(6)
    keda_user.apply(hpa)
    eventually(lambda: count(keda_user) == 6)
    assert managed_by(keda_user) == "ScaledObject/jobs"
    keda_user("delete", "hpa", hpa["metadata"]["name"])
    assert throughout(2, lambda: count(keda_user)) == 6
    keda_scales(keda_user, 0)
    assert throughout(2, lambda: count(keda_user)) == 0
    keda_user("delete", "scaledobject", "jobs")

    eventually(lambda: count(keda_user) == 4)
    assert record.counts() == [4, 0, 1, 6, 0, 4]
    assert declared(keda_user) == 4
    assert not keda_user.events("ScaleHonoured")
