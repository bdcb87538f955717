"""What an API server makes of the objects that controllers work on, and what it refuses."""

from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import HPA, JOB, ChildKind
from formation_operator.kube.port import Object
from tests.unit.fakes.world import get

DEPLOYMENT = ChildKind.DEPLOYMENT
READY, DEADLINE = "minReadySeconds", "progressDeadlineSeconds"
OF_32_BITS = {
    DEPLOYMENT: ("replicas", READY, DEADLINE, "revisionHistoryLimit"),
    JOB: ("backoffLimit", "parallelism", "completions"),
    HPA: ("minReplicas", "maxReplicas"),
}
"""The fields of a spec that server-side apply cuts to 32 bits, as a conversion in Go does."""
IMMUTABLE = {DEPLOYMENT: ("selector",), JOB: ("template", "completions")}


def valid(raw: Object, live: Object | None) -> None:
    """Cut numbers to 32 bits, and count generations; raise `InvalidError` as validation does."""
    kind, spec, before = raw["kind"], raw.get("spec", {}), get(live or {}, "spec", {})
    wrong = []
    for field in OF_32_BITS.get(kind, ()):
        if isinstance(spec.get(field), int):
            spec[field] = (spec[field] + 2**31) % 2**32 - 2**31
            wrong += [f"{field}: must be greater than or equal to 0"] if spec[field] < 0 else []
    if kind == DEPLOYMENT:
        if spec.get(DEADLINE, 600) <= spec.get(READY, 0):
            wrong.append(f"{DEADLINE}: must be greater than minReadySeconds")
        if get(raw, "spec.strategy.type") == "Recreate" and get(raw, "spec.strategy.rollingUpdate"):
            wrong.append("strategy.rollingUpdate: may not be specified when strategy `type` is 'Recreate'")
        if live and spec == before and _notes(raw) != _notes(live):
            raw["metadata"]["generation"] += 1
    changed = [field for field in IMMUTABLE.get(kind, ()) if live and before.get(field) != spec.get(field)]
    wrong += [f"{field}: Invalid value: {spec.get(field)}: field is immutable" for field in changed]
    if wrong:
        name = raw["metadata"]["name"]
        raise errors.InvalidError(f'{kind} "{name}" is invalid: spec.{", spec.".join(wrong)}')


def _notes(raw: Object) -> Object:
    """Return the annotations that are none of the Deployment controller's own."""
    noted: Object = get(raw, "metadata.annotations", {})
    return {key: value for key, value in noted.items() if not key.startswith("deployment.kubernetes.io/")}
