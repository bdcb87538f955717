"""The contents that the operator keeps of a Formation as ControllerRevisions, and the way back to one."""

from collections.abc import Iterable
from typing import Any

from formation_cli.changes import patches, restarts
from formation_cli.objects import Object
from formation_cli.words.revisions import Revision
from formation_cli.words.sources import Source
from formation_operator.api import content as contents
from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState
from formation_operator.kube.objects import deploys, lenient


def read(objects: Iterable[Object], formation: Object) -> list[Revision]:
    """Return what there is of a Formation's revisions, by their numbers; others may have made some."""
    found = [_read(each, formation) for each in objects]
    return sorted(found, key=lambda each: (each.number, each.name))


def _read(each: Object, formation: Object) -> Revision:
    metadata, data = each["metadata"], lenient.mapping(each, "data")
    number = each["revision"] if isinstance(each.get("revision"), int) else -1
    flaw = _flaw(metadata, number, data, formation)
    said = {} if flaw else lenient.mapping(metadata, "annotations")
    well, log = contents.has_run_well(said), deploys.read(said)
    return Revision(number, metadata["name"], _since(metadata), data, flaw, well, deploys=log)


def _flaw(metadata: Object, number: int, data: Object, formation: Object) -> str:
    processes = lenient.mapping(data, "processes")
    parts = [*processes.values(), *lenient.mapping(data, "schedules").values()]
    if lenient.controller(metadata).get("uid") != formation["metadata"]["uid"]:
        return "isn't owned by this Formation"
    if number < 0 or not processes or not all(isinstance(each, dict) for each in parts):
        return "has no content of a Formation"
    if contents.content_of(data) != data or metadata["name"] != _name(formation, data):
        return "its content doesn't match its name"
    return ""


def _name(formation: Object, content: Object) -> str:
    return contents.revision_name(formation["metadata"]["name"], contents.digest_of(content))


def _since(metadata: Object) -> str:
    """Return when the operator wrote an object last: that of a content that comes again has a new number."""
    entries = lenient.items(metadata, "managedFields")
    written = [lenient.text(each, "time") for each in entries if each.get("manager") == naming.FIELD_MANAGER]
    return max(written, default="") or lenient.text(metadata, "creationTimestamp")


def was_tried(revision: Object) -> bool:
    """Tell whether the canaries of a revision were tried: its release came before them."""
    trial = lenient.text(lenient.mapping(revision, "metadata", "annotations"), naming.TRIAL_ANNOTATION)
    return trial in (CanaryState.TRYING, CanaryState.FAILED)


def unseen(formation: Object, image: str | None, process_type: str | None, revision: str | None) -> str:
    """Return why a Formation doesn't declare an image or a revision yet; nothing if it does.

    What isn't rolled out yet gets the next number.
    """
    name, own = formation["metadata"]["name"], of(formation)
    fields = [("spec", "processes", process_type, "image")] if process_type else []
    declared = next(
        filter(None, (patches.image_of(formation, each) for each in [*fields, patches.SHARED])), ""
    )
    if image and declared != image:
        return f"{image} isn't seen yet: {name} declares {declared or 'no image of all types'}"
    following = str(current(formation)[1] + 1)
    if revision and not (own.is_meant(revision) or (not own.number and revision == following)):
        return f"Revision {revision} isn't seen yet: {name} declares revision {own.called}"
    return ""


def is_undone(before: Object, after: Object, now: Object) -> bool:
    """Tell whether a Formation declares otherwise ``now`` what a deploy has changed.

    Where it has changed nothing, all that it has found counts.
    """
    old, new, latest = (contents.content_of(each["spec"]) for each in (before, after, now))
    return _is_otherwise({} if old == new else old, new, latest)


def _is_otherwise(before: Any, after: Any, now: Any) -> bool:
    """Tell whether that in which two values differ is otherwise now; named items are looked at one by one."""
    if after in (before, now):
        return False
    fields = [_fields(each) for each in (before, after, now)]
    if not all(isinstance(each, dict) for each in fields):
        return True
    return any(_is_otherwise(*(each.get(key) for each in fields)) for key in {*fields[0], *fields[1]})


def _fields(value: Any) -> Any:
    """Return a value whose parts have names as what has these for keys; nothing has none."""
    if isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value):
        return {each["name"]: each for each in value}
    return {} if value is None else value


def current(formation: Object) -> tuple[str, int]:
    """Return the name and the number of what was rolled out last; nothing where that isn't known."""
    known = lenient.mapping(formation, "status", "revision")
    return lenient.text(known, "name"), lenient.number(known, "number")


def of(formation: Object) -> Revision:
    """Return what a Formation declares now, with a number if that was rolled out."""
    content = contents.content_of(formation["spec"])
    name, number = current(formation)
    own = _name(formation, content)
    return Revision(number if own == name else 0, own, "", content)


def runs_well(formation: Object) -> bool:
    """Tell whether what a Formation declares now was rolled out, and has run well since."""
    return (
        bool(of(formation).number) and lenient.mapping(formation, "status", "revision").get("ready") is True
    )


def has_stood(formation: Object) -> bool:
    """Tell whether all processes of what was rolled out last have been available, for however long."""
    return "ready" in lenient.mapping(formation, "status", "revision")


def way_back(kept: Iterable[Revision], formation: Object, left: str) -> Revision | None:
    """Return the newest that ran well and hasn't failed since, but for what is ``left``, if it is kept.

    What was rolled out last counts if its processes have stood, although its minute may not be over.
    """
    name, latest = current(formation)
    others = [each for each in kept if each.number and not each.flaw and each.name != left]
    stands = {name} if has_stood(formation) else set[str]()
    good = [each for each in others if (each.ran_well or each.name in stands) and not each.has_failed]
    earlier = [each for each in good if each.number <= (latest or each.number)]
    return max(earlier, key=lambda each: each.number, default=None)


def of_several(spec: Object, content: Object) -> dict[str, list[str]]:
    """Return what a spec says of the processes of each type that a singleton of a content can't have."""
    singletons = [
        name
        for name, each in lenient.mapping(content, "processes").items()
        if lenient.mapping(each).get("singleton") is True
    ]
    found = {
        name: [
            key
            for key in sorted(contents.WITHOUT["processes"] & {*each})
            if key != "replicas" or lenient.number(each, key) > 1
        ]
        for name in singletons
        for each in [lenient.mapping(spec, "processes", name)]
    }
    return {name: keys for name, keys in found.items() if keys}


def spec_with(spec: Object, content: Object) -> Object:
    """Return a spec with another content: what is no content stays, counts of types that stay included."""
    without = of_several(spec, content)
    maps = {
        part: {
            name: {**each, **_kept(lenient.mapping(spec, part, name), fields - {*without.get(name, ())})}
            for name, each in lenient.mapping(content, part).items()
        }
        for part, fields in contents.WITHOUT.items()
        if part in content
    }
    return {**content, **maps, **_kept(spec, contents.OF_FORMATION)}


def _kept(source: Object, fields: Iterable[str]) -> Object:
    return {key: source[key] for key in fields if key in source}


def patch(formation: Object, content: Object) -> list[Object]:
    """Return the one write that goes back to a content; nothing where it is so already."""
    after = spec_with(formation["spec"], content)
    if after == formation["spec"]:
        return []
    change = [patches.unchanged(formation), patches.operation("replace", ("spec",), after)]
    return patches.noted(formation, change)


def needed(content: Object) -> list[Source]:
    """Return the ConfigMaps and Secrets that a content names, and without which processes can't start.

    It is read as it is written: a newer operator's content may have fields that nobody here knows.
    """
    own_ones = [each for part in contents.WITHOUT for each in lenient.mapping(content, part).values()]
    levels = [content, *own_ones, lenient.mapping(content, "release")]
    pods = [lenient.mapping(each, "podTemplate", "spec") for each in levels]
    own: Object = {"containers": levels}  # they name variables as a container does
    return sorted({source for pod in (own, *pods) for source in restarts.sources(pod, needed=True)})
