"""Autoscalers in namespaces without Formations, whose controllers change them now and then."""

import itertools
from collections.abc import Coroutine, Iterator
from typing import Any

from tests.bench.api import Api
from tests.bench.users import pace

NAMESPACE = "bench-others"
HPAS = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"
KEDA = f"/apis/keda.sh/v1alpha1/namespaces/{NAMESPACE}/scaledobjects"


def hpa(number: int) -> dict[str, Any]:
    """Return a HorizontalPodAutoscaler."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"other-{number}", "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"other-{number}"},
            "maxReplicas": 10,
        },
    }


def scaled_object(number: int) -> dict[str, Any]:
    """Return a ScaledObject of KEDA."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": f"other-{number}", "namespace": NAMESPACE},
        "spec": {"scaleTargetRef": {"name": f"other-{number}"}, "triggers": []},
    }


async def create(user: Api, count: int) -> None:
    """Create so many of each."""
    manifests = (manifest(number) for number in range(count) for manifest in (hpa, scaled_object))
    await pace.all_of(user.create(manifest) for manifest in manifests)


def changes(user: Api, count: int) -> Iterator[Coroutine[Any, Any, object]]:
    """Yield what changes the status of one HorizontalPodAutoscaler after the other, over and over."""
    for turn in itertools.count():
        status = {"currentReplicas": turn % 7, "desiredReplicas": turn // count % 5 + 1}
        yield user.merge(f"{HPAS}/other-{turn % count}/status", {"status": status})
