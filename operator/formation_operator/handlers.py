"""kopf's side: every handler takes an event into the cache and asks for a pass. Nothing else.

Only ``on.event`` handlers: any other kind of kopf's would write annotations or finalizers to the
user's object, and keeps no queue.  They return nothing, because kopf writes results to the status.
"""

from typing import Any

import kopf

from formation_operator import autoscalers, naming, observed
from formation_operator.controller import Controller


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Connect the watches of every kind that matters to a controller."""

    async def formation(event: kopf.RawEvent, **_: Any) -> None:
        controller.see_formation(dict(event["object"]), deleted=event["type"] == "DELETED")

    async def deployment(event: kopf.RawEvent, **_: Any) -> None:
        child = observed.child(dict(event["object"]), "Deployment")
        controller.see_child(child, deleted=event["type"] == "DELETED")

    async def service(event: kopf.RawEvent, **_: Any) -> None:
        child = observed.child(dict(event["object"]), "Service")
        controller.see_child(child, deleted=event["type"] == "DELETED")

    async def pod(event: kopf.RawEvent, **_: Any) -> None:
        controller.see_pod(dict(event["object"]), deleted=event["type"] == "DELETED")

    async def hpa(event: kopf.RawEvent, **_: Any) -> None:
        deleted = event["type"] == "DELETED"
        controller.see_autoscaler(dict(event["object"]), autoscalers.HPA, deleted=deleted)

    async def scaled_object(event: kopf.RawEvent, **_: Any) -> None:
        deleted = event["type"] == "DELETED"
        controller.see_autoscaler(dict(event["object"]), autoscalers.SCALED_OBJECT, deleted=deleted)

    kopf.on.event("autoscaling", "v2", "horizontalpodautoscalers", registry=registry)(hpa)
    kopf.on.event("keda.sh", "v1alpha1", "scaledobjects", registry=registry)(scaled_object)
    kopf.on.login(registry=registry)(kopf.login_via_client)
    kopf.on.event(naming.GROUP, naming.VERSION, naming.PLURAL, registry=registry)(formation)
    kopf.on.event("apps", "v1", "deployments", registry=registry)(deployment)
    kopf.on.event("", "v1", "services", registry=registry)(service)
    kopf.on.event("", "v1", "pods", registry=registry)(pod)
