"""Texts that many objects have are kept once, and freed with the last object that has them."""

import gc
import tracemalloc
from typing import Any

from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children, formations, pods
from tests.shared import builders
from tests.unit import largest


def take_in(number: int) -> list[Any]:
    """Return what is kept of a Formation, its Deployment and its Pod, of which no other has a text."""
    own = f"{number:x}".rjust(900, "z")
    about: dict[str, Any] = {"namespace": own, "uid": own, "resourceVersion": "1"}
    labels = {own: own, "pod-template-hash": own}
    process = builders.a_process(own, own, env=[{"name": own, "value": own}])
    crashed = builders.a_container(builders.waiting(own, own), own, last=builders.ended(1, own, reason=own))
    manifest = {
        "kind": "Deployment",
        "metadata": {"name": own, "labels": labels},
        "spec": {"template": {"spec": {"containers": [crashed["spec"]]}}},
    }
    deployment = largest.live(manifest)
    deployment["metadata"] |= {**about, "ownerReferences": [builders.a_replica_set_of(owner(own))]}
    return [
        formations.trimmed({**builders.a_formation(own, processes={own: process}), "metadata": about}),
        children.child(deployment, ChildKind.DEPLOYMENT),
        pods.pod(builders.a_pod(crashed, labels=labels, name=own, **about)),
    ]


def owner(own: str) -> dict[str, str]:
    return {
        "formations.dev/formation": own,
        "formations.dev/process-type": own,
        "pod-template-hash": own,
    }


def traced() -> int:
    gc.collect()
    # Python's own table of shared texts is one large block, and grows whenever it is full.
    return sum(trace.size for trace in tracemalloc.take_snapshot().traces if trace.size < 100_000)


def test_nothing_is_kept_of_the_texts_of_objects_that_have_gone() -> None:
    tracemalloc.start()
    try:
        for number in range(500):  # fills what remembers a bounded number
            take_in(number)
        before = traced()
        for number in range(500, 2000):
            take_in(number)
        grown = traced() - before
    finally:
        tracemalloc.stop()
    assert grown < 2**20  # the texts have several
