"""Revisions as the operator keeps them: ControllerRevisions of a Formation."""

import copy
from typing import Any

from formation_operator.api import content, naming
from formation_operator.kube.objects import deploys
from formation_operator.kube.objects.deploys import Deploy, End
from tests.shared import builders

Object = dict[str, Any]
WEB: Object = {"command": ["/shop", "web"]}
V1: Object = {"image": "shop:v1", "processes": {"web": WEB, "clock": {}}}
V2: Object = {"image": "shop:v2", "processes": {"web": {**WEB, "replicas": 4}, "worker": {}}}


def a_revision(number: int, spec: Object, *, ago: float = 60, **changed: Any) -> Object:
    """Return the revision of a spec of the Formation shop; ``changed`` has what somebody has forged."""
    data = content.content_of(copy.deepcopy(spec))
    owner = {"kind": naming.KIND, "name": "shop", "uid": "uid-1", "controller": True}
    metadata = {
        "annotations": {},
        "name": changed.pop("name", content.revision_name("shop", content.digest_of(data))),
        "labels": {naming.FORMATION_LABEL: "shop"},
        "creationTimestamp": builders.ago(ago),
        "ownerReferences": changed.pop("owners", [owner]),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "revision": number,
        "data": data,
        **changed,
    }


def noted(revision: Object, annotation: str, value: str) -> Object:
    """Return a revision with one more annotation."""
    annotations = {**revision["metadata"]["annotations"], annotation: value}
    return {**revision, "metadata": {**revision["metadata"], "annotations": annotations}}


def ran(revision: Object) -> Object:
    """Return a revision as it is noted to have run well."""
    return noted(revision, naming.RAN_WELL_ANNOTATION, "true")


def ended(revision: Object, *ends: End) -> Object:
    """Return a revision with a log of deploys that have ended so; the last one has its number."""
    first = revision["revision"] - len(ends) + 1
    log = deploys.text(Deploy(first + place, builders.ago(60), end=each) for place, each in enumerate(ends))
    return noted(revision, naming.DEPLOYS_ANNOTATION, log)


def shop(revision: Object | None, spec: Object, *, ready: bool = False, **metadata: Any) -> Object:
    """Return the Formation with a spec, of which the operator says that a revision was rolled out last.

    All its processes have been available; ``ready`` says whether it has run well since.
    """
    named = {"name": revision["metadata"]["name"], "number": revision["revision"]} if revision else {}
    if revision:
        named["ready"] = ready
    formation = builders.stored({**builders.a_formation(), "spec": copy.deepcopy(spec)}, **metadata)
    return {**formation, "status": {"revision": named} if named else {}}


R1, R2 = ran(a_revision(1, V1)), a_revision(2, V2)
