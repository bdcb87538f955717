"""KEDA's writes are replayed: it scales between 0 and 1 itself, and leaves the rest to an HPA of its own."""

import json
from collections.abc import Iterator

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually, throughout
from tests.contract.counting import Record, an_hpa, count, declared, managed_by
from tests.operator_process import OperatorProcess

WORKER = {"worker": a_process(replicas=4)}

KEDA = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "scaledobjects.keda.sh"},
    "spec": {
        "group": "keda.sh",
        "names": {
            "kind": "ScaledObject",
            "listKind": "ScaledObjectList",
            "plural": "scaledobjects",
            "singular": "scaledobject",
        },
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}


@pytest.fixture
def keda(kubectl: Client, interrupted: OperatorProcess) -> Iterator[None]:
    """A cluster that knows KEDA's objects; its writes are replayed by the test.

    The operator is started anew when they are gone again.
    """
    kubectl("apply", "-f", "-", input=json.dumps(KEDA))
    kubectl("wait", "--for=condition=Established", "crd/scaledobjects.keda.sh")
    yield
    kubectl("delete", "crd", "scaledobjects.keda.sh", "--ignore-not-found")


SCALED_OBJECT = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "jobs"},
    "spec": {"scaleTargetRef": {"name": "shop-worker"}, "triggers": []},
}


@pytest.fixture
def keda_user(keda: None, user: Client, interrupted: OperatorProcess) -> Client:
    """A user whose worker KEDA scales; the operator was started when KEDA was there."""
    interrupted.restart()
    user.apply(a_formation(processes=WORKER))
    user.reported()
    user.apply(SCALED_OBJECT)
    eventually(lambda: managed_by(user) == "ScaledObject/jobs")
    return user


def keda_scales(user: Client, wanted: int) -> None:
    """Scale as KEDA does: through the subresource, under its own name."""
    patch = ["--subresource=scale", "--type=merge", "-p", f'{{"spec": {{"replicas": {wanted}}}}}']
    user("patch", "deployment", "shop-worker", "--field-manager=keda", *patch)


def test_kedas_scaling_and_its_own_hpa_are_left_alone_until_it_goes(keda_user: Client) -> None:
    record = Record(keda_user, "shop-worker")

    for wanted in (0, 1):
        keda_scales(keda_user, wanted)
        assert throughout(2, lambda: count(keda_user)) == wanted
    hpa = an_hpa(6)
    keda_user.apply(hpa)
    eventually(lambda: count(keda_user) == 6, patience=40)
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


def test_a_suspended_type_that_keda_starts_again_is_not_fought_and_the_status_says_how_to_hold_it(
    keda_user: Client,
) -> None:
    record = Record(keda_user, "shop-worker")

    keda_user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: count(keda_user) == 0)
    for wanted in (1, 2):
        keda_scales(keda_user, wanted)
        assert throughout(2, lambda: count(keda_user)) == wanted

    stalled = eventually(lambda: keda_user.condition("Stalled"))
    assert stalled["reason"] == "CannotSuspend"
    assert 'annotate it with autoscaling.keda.sh/paused-replicas: "0"' in stalled["message"]
    keda_user("annotate", "scaledobject", "jobs", "autoscaling.keda.sh/paused-replicas=0")
    eventually(lambda: count(keda_user) == 0)
    eventually(lambda: keda_user.condition("Ready", "shop")["status"] == "True")  # type: ignore[index]
    keda_user.merge("formation", "shop", {"spec": {"suspend": None}})
    eventually(lambda: count(keda_user) == 4)
    assert record.counts() == [4, 0, 1, 2, 0, 4]


def test_when_keda_is_taken_away_declared_counts_apply_and_the_operator_is_started_anew_to_watch_the_rest(
    keda_user: Client, interrupted: OperatorProcess
) -> None:
    process = interrupted.process
    assert process is not None
    keda_user("delete", "crd", "scaledobjects.keda.sh")

    eventually(lambda: count(keda_user) == 4)
    keda_user("scale", "deployment/shop-worker", "--replicas=5")
    eventually(lambda: declared(keda_user) == 5)
    # Some time later the API server ends the watch of the kind, and with it kopf ends.
    eventually(lambda: process.poll() is not None, patience=150)
    interrupted.start()  # as kubelet does
    keda_user("scale", "deployment/shop-worker", "--replicas=6")
    eventually(lambda: declared(keda_user) == 6)


def test_what_keda_started_during_a_suspension_is_no_request_when_its_object_goes(keda_user: Client) -> None:
    record = Record(keda_user, "shop-worker")
    keda_user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: count(keda_user) == 0)
    keda_scales(keda_user, 1)
    eventually(lambda: keda_user.condition("Stalled"))

    keda_user("delete", "scaledobject", "jobs")

    eventually(lambda: count(keda_user) == 0)
    assert declared(keda_user) == 4
    keda_user.merge("formation", "shop", {"spec": {"suspend": None}})
    eventually(lambda: count(keda_user) == 4)
    assert record.counts() == [4, 0, 1, 0, 4]
    assert not keda_user.events("ScaleHonoured")
