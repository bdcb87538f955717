"""Formations as a whole: a line each, and the sentence about one."""

from collections.abc import Iterable, Iterator

from formation_cli.objects import Object
from formation_cli.views.table import Cell, Table, ago, state
from formation_operator.api.reasons import ConditionType, State, Trouble
from formation_operator.kube.objects import lenient

COLUMNS = ("NAME", "READY", "PROCESSES", "REASON", "IMAGE", "AGE")
WIDE = ("OWN IMAGES", "MESSAGE")
HELD = (Trouble.RELEASE_HELD, Trouble.CANARY_TRYING)
"""Why a Formation that is stopped isn't ready, and needn't be."""
STOPPED = (
    "{name} is stopped: no process type runs, and no change is tried, until `kubectl formation start {name}`"
)


def condition(formation: Object, type_: ConditionType) -> Object:
    """Return a condition of a Formation, if it is about its spec as it is now; else nothing."""
    status = lenient.mapping(formation, "status")
    if status.get("observedGeneration") != formation["metadata"].get("generation"):
        return {}
    return next((each for each in lenient.items(status, "conditions") if each.get("type") == type_), {})


def is_true(formation: Object, type_: ConditionType) -> bool:
    """Tell whether a condition holds for the spec as it is now."""
    return condition(formation, type_).get("status") == "True"


def is_stopped(formation: Object) -> bool:
    """Tell whether it is ready because nothing of it is to run."""
    suspended = lenient.mapping(formation, "spec").get("suspend") is True
    ready = condition(formation, ConditionType.READY)
    return suspended and (ready.get("status") == "True" or ready.get("reason") in HELD)


def table(found: Iterable[Object], now: float, *, wide: bool = False, namespaces: bool = False) -> Table:
    """Return Formations as a table; a wide one names types' own images, and says more of why."""
    columns = ("NAMESPACE",) * namespaces + COLUMNS + WIDE * wide
    rows = [_place(each) * namespaces + _row(each, now) + _wide(each) * wide for each in found]
    return Table(columns, rows)


def _place(formation: Object) -> tuple[Cell, ...]:
    return (Cell(formation["metadata"]["namespace"]),)


def _wide(formation: Object) -> tuple[Cell, ...]:
    processes = lenient.mapping(formation, "spec", "processes")
    images = {name: lenient.text(lenient.mapping(processes, name), "image") for name in sorted(processes)}
    own = " ".join(f"{name}={image}" for name, image in images.items() if image)
    return Cell(own or "-"), Cell(lenient.text(condition(formation, ConditionType.READY), "message") or "-")


def _row(formation: Object, now: float) -> tuple[Cell, ...]:
    ready = condition(formation, ConditionType.READY)
    status = lenient.text(ready, "status") or "Unknown"
    reason = lenient.text(ready, "reason") if status != "True" else ""
    if is_stopped(formation):
        reason = State.SUSPENDED
    return (
        Cell(formation["metadata"]["name"], "bold"),
        state(status),
        Cell(lenient.text(lenient.mapping(formation, "status"), "summary") or "-"),
        Cell(reason or "-"),
        Cell(_image(formation)),
        Cell(ago(lenient.text(formation["metadata"], "creationTimestamp"), now)),
    )


def _image(formation: Object) -> str:
    """Return the image that most types run; before the operator has said so, the declared one."""
    places = (lenient.mapping(formation, each) for each in ("status", "spec"))
    return next(filter(None, (lenient.text(each, "image") for each in places)), "-")


def sentence(formation: Object) -> str:
    """Return how a Formation is, in a sentence."""
    name = formation["metadata"]["name"]
    ready = condition(formation, ConditionType.READY)
    if not ready:
        return f"{name}: the operator hasn't handled its latest spec yet"
    if is_stopped(formation):
        return STOPPED.format(name=name)
    if ready.get("status") == "True":
        return f"{name}: {lenient.text(ready, 'message')}"
    stalled = "waiting won't help: " if is_true(formation, ConditionType.STALLED) else ""
    return f"{name} isn't ready: {stalled}{lenient.text(ready, 'message')}"


def notes(formation: Object) -> Iterator[str]:
    """Yield what is worth knowing of a type although all is well."""
    for name, each in sorted(lenient.mapping(formation, "status", "processes").items()):
        message = lenient.text(each, "message")
        if message and "reason" not in each:
            yield f"{name}: {message}"
