"""What an API server makes of the objects that controllers work on, and what it refuses."""

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import HPA, JOB, ChildKind
from formation_operator.kube.port import Object

DEPLOYMENT = ChildKind.DEPLOYMENT
READY, DEADLINE = "minReadySeconds", "progressDeadlineSeconds"
OF_32_BITS = {
    DEPLOYMENT: ("replicas", READY, DEADLINE, "revisionHistoryLimit"),
    JOB: ("backoffLimit", "parallelism", "completions"),
    HPA: ("minReplicas", "maxReplicas"),
}
"""The fields of a spec that server-side apply cuts to 32 bits, as a conversion in Go does."""
IMMUTABLE = {DEPLOYMENT: ("selector",), JOB: ("template", "completions", "selector")}


def valid(raw: Object, live: Object | None) -> None:
    """Cut numbers to 32 bits, and count generations; raise `InvalidError` as validation does."""
    kind, spec = raw["kind"], raw.get("spec", {})
    for field in OF_32_BITS.get(kind, ()):
        if isinstance(spec.get(field), int):
            spec[field] = (spec[field] + 2**31) % 2**32 - 2**31
            if spec[field] < 0:
                _refuse(raw, field, "must be greater than or equal to 0")
    if kind == DEPLOYMENT:
        _check_rollout(raw, spec)
    for field in IMMUTABLE.get(kind, ()) if live else ():
        if live is not None and live.get("spec", {}).get(field) != spec.get(field):
            _refuse(raw, field, "field is immutable")
    if kind == DEPLOYMENT and live and spec == live.get("spec") and _notes(raw) != _notes(live):
        raw["metadata"]["generation"] += 1


def _check_rollout(raw: Object, spec: Object) -> None:
    if spec.get(DEADLINE, 600) <= spec.get(READY, 0):
        _refuse(raw, DEADLINE, "must be greater than minReadySeconds")
    strategy = lenient.mapping(spec, "strategy")
    if strategy.get("type") == "Recreate" and "rollingUpdate" in strategy:
        _refuse(raw, "strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    selector = lenient.mapping(spec, "selector", "matchLabels")
    if not selector.items() <= lenient.mapping(spec, "template", "metadata", "labels").items():
        _refuse(raw, "template.metadata.labels", "`selector` does not match template `labels`")


def _notes(raw: Object) -> Object:
    """Return the annotations that are none of the Deployment controller's own."""
    noted = raw["metadata"].get("annotations") or {}
    return {key: value for key, value in noted.items() if not key.startswith("deployment.kubernetes.io/")}


def _refuse(raw: Object, field: str, why: str) -> None:
    name = raw["metadata"]["name"]
    raise errors.InvalidError(f'{raw["kind"]} "{name}" is invalid: spec.{field}: Invalid value: {why}')
