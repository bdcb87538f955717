"""Scale requests on a child: honoured, and written through to the Formation.

``kubectl scale deployment/shop-worker``, k9s and Lens use the subresource ``scale``, which the child's
managed fields show.  The child's count and the Formation's are compared with a base, as in a three-way merge:
the count that we wrote last (an annotation of the same write, or an answer that isn't on the child yet).  If
both differ from it, or there is no base, the Formation wins.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.api.formation_status import ProcessStatus
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.children import Child
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas.count_owner import Replicas
from formation_operator.settings import Settings

AUTOSCALER_MANAGERS = frozenset({"kube-controller-manager", "keda", "keda-operator"})
"""The field managers of autoscalers, by which alone they are recognised; KEDA has two."""
NAMELESS = "A client without a name"

HOLDS = {
    kinds.HPA: "set its spec.behavior.scaleUp.selectPolicy to Disabled for that time, or delete it",
    kinds.SCALED_OBJECT: f'annotate it with {autoscalers.KEDA_PAUSED_AT}: "0" '
    f'or {autoscalers.KEDA_PAUSED}: "true" for that time',
}
"""How each kind of autoscaler is kept from scaling a target up from zero."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """How the count that a client set on a Deployment was judged; kept until the Deployment is written."""

    uid: str
    judged: int | None
    """The count of the Deployment that was judged; nothing if it has to be judged again."""
    count: int | None
    """The Formation's count by this answer: the base of the next judgement."""
    sent: frozenset[int] = frozenset()
    """The counts that we may have written to the Formation, as far as we know."""


def judge(
    snapshot: Snapshot, process_type: str, child: Child, answer: Answer | None, settings: Settings
) -> str | None:
    """Return why the Formation wins over a request, or an empty text if it doesn't; nothing without one.

    The count of the type's Deployment, ``child``, isn't ours. ``answer`` says how an earlier pass judged it,
    if the Deployment hasn't been written since then.
    """
    spec, status = snapshot.spec, snapshot.status
    declared, before = spec.processes[process_type].replicas, status.process(process_type)
    if declared is None or child.replicas == (0 if spec.suspend else declared):
        return None
    if not _is_request(child, before, settings) or (answer is not None and answer.judged == child.replicas):
        return None
    base = child.remembered if answer is None else answer.count
    if base is None:
        return f"the previous count isn't known, and the Formation says {declared}"
    # While the Deployment can't be written, its base is older than the Formation's reported count.
    reported = before.count if status.observed_generation == snapshot.owner.generation else None
    if declared not in (base, reported, *(answer.sent if answer else ())):
        return f"the Formation was changed from {base} to {declared} as well"
    return ""


def patch(snapshot: Snapshot, process_type: str, count: int, generation: int) -> list[dict[str, object]]:
    """Return the JSON patch for a Formation; it fails if the Formation or its generation is another one.

    A server-side apply would own the field, so that the user couldn't remove the type.
    """
    path = f"/spec/processes/{process_type}/replicas"
    return [
        {"op": "test", "path": "/metadata/uid", "value": snapshot.owner.uid},
        {"op": "test", "path": "/metadata/generation", "value": generation},
        {"op": "test", "path": path, "value": snapshot.spec.processes[process_type].replicas},
        {"op": "replace", "path": path, "value": count},
    ]


def notice(snapshot: Snapshot, name: str, child: Child, why: str) -> Notice:
    """Return the Event about a request: it was written to the Formation, or that wins, which ``why`` says."""
    scaled = f"{child.count_set_by or NAMELESS} scaled Deployment {child.name}"
    if why:
        note = f"{scaled} to {child.replicas}, but {why}: set it back"
        return Notice("ScaleOverruled", "Scale", note, warning=True, process_type=name)
    declared = snapshot.spec.processes[name].replicas
    note = f"{scaled} from {declared} to {child.replicas}: wrote it to spec.processes.{name}.replicas"
    return Notice("ScaleHonoured", "Scale", note, process_type=name)


def _is_request(child: Child, before: ProcessStatus, settings: Settings) -> bool:
    """Return whether a client's change of the count is a scale request."""
    client = child.count_set_by
    if not settings.write_through or client in AUTOSCALER_MANAGERS:
        return False
    if not client and before.replicas_managed_by is not None:
        return False  # a deleted autoscaler may have set it: a count from or to zero has no manager
    if child.remembered is None and (not client or before.count == child.replicas):
        return False  # the count was omitted until now
    return child.scaled or client in settings.honour


def unused(
    snapshot: Snapshot, name: str, process: ProcessType, child: Child, answer: Answer | None
) -> Iterator[Notice]:
    """Yield an Event about each count that isn't used, because an autoscaler of ours sets it.

    About a count that was reported there was one before that.
    """
    client, changes = child.count_set_by, list[str]()
    is_by_hand = child.scaled and client not in ("", *AUTOSCALER_MANAGERS)
    if is_by_hand and child.replicas != snapshot.status.process(name).desired_replicas:
        changes.append(f"{client} scaled Deployment {child.name} to {child.replicas}")
    if answer is not None and process.replicas not in (None, answer.count):
        changes.append(f"spec.processes.{name}.replicas was changed to {process.replicas}")
    way_out = f"change spec.processes.{name}.autoscaling (now {process.autoscaling})"
    for change in changes:
        note = f"{change}, but its autoscaler sets the count: {way_out}"
        yield Notice("ScaleNotHonoured", "Scale", note, warning=True, process_type=name)


def restless(spec: FormationSpec, counts: Mapping[str, Replicas]) -> dict[str, str]:
    """Return, by type, why a suspended type can't be kept at zero, and the way out."""
    if spec.paused:
        return {}
    return {
        name: f"{scaler} may start processes while the Formation is suspended: {HOLDS[scaler.kind]}"
        for name, count in counts.items()
        if count.suspended and (scaler := count.autoscaler) and scaler.starts_from_zero
    }


def contended(spec: FormationSpec, formation: str, others: Deciding) -> Iterator[str]:
    """Yield a sentence for each count that two clients want to decide about, or that none can.

    ``others`` are the autoscalers that we don't make.
    """
    for name, process in sorted(spec.processes.items()):
        autoscaler = autoscalers.of_child(others, naming.child(formation, name))
        if autoscaler and process.singleton:
            yield (
                f"{name}: {autoscaler} may run several processes of a singleton: remove the "
                "autoscaler or singleton"
            )
        elif autoscaler and (process.autoscaling or process.replicas is not None):
            field = "autoscaling" if process.autoscaling else "replicas"
            value = "" if process.autoscaling else f": {process.replicas}"
            way_out = f"take spec.processes.{name}.{field} away, or delete {autoscaler}"
            yield f"{name}: {autoscaler} sets the count, so {field}{value} isn't used: {way_out}"
    own = autoscalers.of_formation(others, formation)
    web = spec.processes.get(naming.SCALED_TYPE)
    if own and web and web.autoscaling:
        yield f"web: {own} scales the Formation, so autoscaling isn't used: delete one of the two"
    elif own and (web is None or web.replicas is None):
        yield f"web: {own} scales the Formation, which needs spec.processes.web.replicas: set it once"
