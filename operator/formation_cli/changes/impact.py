"""What a changed Formation does: which processes are started anew, and how counts change."""

from collections.abc import Iterator

from pydantic import ValidationError

from formation_cli.changes import counts
from formation_cli.objects import Object
from formation_operator.api.formation import FormationSpec
from formation_operator.kube.objects import lenient
from formation_operator.render import pod_template

RESTARTED = "the processes are restarted, unless they run this already"


def impact(before: Object | None, after: Object) -> list[str]:
    """Return what changes, from two Formations as the API server has them: a line, and whom it concerns.

    The one before is what was rolled out.
    """
    old, new = before["spec"]["processes"] if before else {}, after["spec"]["processes"]
    alike: dict[str, list[str]] = {}
    for type_ in sorted({*old, *new}):
        if type_ not in new:
            changes = ["removed: the processes are stopped, and the Deployment is deleted"]
        else:
            changes = [*_changes(type_, before, after)] if before and type_ in old else ["new"]
        for change in changes:
            alike.setdefault(change, []).append(type_)
    return [f"{', '.join(types)}: {change}" for change, types in alike.items()]


def _changes(type_: str, before: Object, after: Object) -> Iterator[str]:
    """Yield what changes about one type that stays."""
    specs = before["spec"], after["spec"]
    templates = [_template(after["metadata"]["name"], type_, spec) for spec in specs]
    said = [counts.said(spec["processes"][type_]) for spec in specs]
    if said[0] != said[1]:
        old, new = ("left open" if count is None else str(count) for count in said)
        same = "; running processes aren't restarted" * (templates[0] == templates[1])
        yield f"{old} -> {new} processes{same}"
    if templates[1] and templates[0] != templates[1] and not _runs_none(type_, before, after):
        yield RESTARTED


def _runs_none(type_: str, before: Object, after: Object) -> bool:
    """Tell whether no process of a type runs, or goes on to run."""
    said = counts.said(before["spec"]["processes"][type_])
    status = lenient.mapping(before, "status", "processes", type_)
    count = said if isinstance(said, int) else status.get("desiredReplicas")
    return count == 0 or any(each["spec"].get("suspend") for each in (before, after))


def _template(name: str, type_: str, spec: Object) -> Object:
    """Return the Pods of a type; nothing where they can't be made, which its status says."""
    try:
        model = FormationSpec.model_validate(spec)
        return pod_template.pod_template(name, type_, model, model.processes[type_])
    except (ValidationError, pod_template.InvalidTypeError):
        return {}
