"""What a revision looks like, which number it gets, which are too many, and why one can't be written: pure.

Anybody who may write in a namespace may write ControllerRevisions there. Those of another owner count for
nothing, and whatever one says, only its own Formation is concerned.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from formation_operator.api import bounds, naming
from formation_operator.api.content import Mark, digest_in, digest_of, number_in, ran_well
from formation_operator.api.formation import Metadata
from formation_operator.api.reasons import CanaryState, Trouble
from formation_operator.kube import errors
from formation_operator.kube.objects import deploys, kinds, lenient
from formation_operator.kube.objects.deploys import Deploy, End
from formation_operator.kube.port import Object
from formation_operator.observe.faults import Problem
from formation_operator.render import intents
from formation_operator.sync.versioned_writes import unchanged

ANNOTATIONS = "/metadata/annotations"
LIKELY = 10**9
"""Numbers from there on don't decide about the next one, unless a Deployment names them."""
REVISIONS, JOBS = "controllerrevisions.apps", "jobs.batch"
LOST = "you can't go back to this content"
DEPLOY_WAITS = "the deploy waits, because the operator can't read or write its revision, or that of what runs"
ROOM = f"raise the quota for {REVISIONS}, or lower spec.revisionHistoryLimit"


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What a revision of a Formation says of its content, in its metadata."""

    name: str
    uid: str = ""
    version: str = ""
    """The version at which it says that; empty if that isn't known, or if no owner has it."""
    number: int = 0
    """The number of its last deploy; 0 if it was never let through."""
    trial: CanaryState | None = None
    """How far its canaries are, unless it was let through, or never tried."""
    ran_well: frozenset[str] = frozenset()
    """The types that have run well with it."""
    deploys: tuple[Deploy, ...] = ()
    """The last deploys of it; nothing in what a list has of it."""

    @property
    def digest(self) -> str:
        """The digest of the content that it keeps, by its name."""
        return digest_in(self.name)

    @property
    def has_failed(self) -> bool:
        """Whether its last deploy has failed, by its log also if that try is over."""
        return self.trial is CanaryState.FAILED or End.FAILED in [each.end for each in self.deploys[-1:]]


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """The revisions of a Formation that were found."""

    own: list[Record] = dataclasses.field(default_factory=list)
    orphans: list[Record] = dataclasses.field(default_factory=list)
    """Those with the Formation's label that have no owner: an earlier Formation has left them."""

    def __contains__(self, digest: str) -> bool:
        """Return whether a revision of a content's digest is there."""
        return any(each.digest == digest for each in (*self.own, *self.orphans))

    def next(self, floor: int) -> int:
        """Return the number of a content that is let through after the one numbered ``floor``."""
        likely = (each.number for each in self.own if each.number < LIKELY)
        return max((floor, *likely)) + 1

    def number_of(self, digest: str, floor: int) -> int:
        """Return the number of a content that was let through last, and not written since then; else 0."""
        there = next((each.number for each in self.own if each.digest == digest), 0)
        return there if floor < there == self.next(floor) - 1 else 0

    @property
    def newest(self) -> Mark | None:
        """The mark of what was let through last, if anything was."""
        marks = (Mark(each.number, each.digest) for each in self.own if 0 < each.number < LIKELY)
        return max(marks, default=None)

    def surplus(self, limit: int, protected: Collection[str]) -> list[Record]:
        """Return the oldest beyond a limit, which neither counts nor contains those of some digests.

        The newest that has run well is protected, too. The others that have run well, and those that
        haven't, have the limit each, so that what fails pushes out nothing good. What failed has no number:
        its age is that of the last write.
        """
        well = sorted((each for each in self.own if each.ran_well), key=lambda each: each.number)
        unwell = sorted((each for each in self.own if not each.ran_well), key=lambda each: int(each.version))
        kept = {*protected, *[each.digest for each in well[-1:]]}
        both = [[each for each in some if each.digest not in kept] for some in (unwell, well)]
        return [each for old in both for each in old[: max(0, len(old) - limit)]]


class TakenError(errors.ClusterError):
    """The name is another object's."""

    def __init__(self, kind: str, name: str, unlike: str) -> None:
        """Take kind and name, and what the object has if it isn't foreign, such as ``another content``."""
        shown = f"kubectl get {kind.lower()} {name} -o yaml shows it; delete it if it isn't needed"
        super().__init__(f"a {kind} {name} exists, and isn't this Formation's, or has {unlike}: {shown}")


class LeavingError(errors.ClusterError):
    """The name is that of an object that goes with its Formation, which had the same name."""


def is_quota(error: errors.ClusterError) -> bool:
    """Return whether an object can't be created because there are too many."""
    return isinstance(error, errors.UnavailableError) and "quota" in str(error)


def problem(error: errors.ClusterError, follows: str = LOST, resource: str = REVISIONS) -> Problem:
    """Return what is said of an error about a resource, with the way out, and what follows from it."""
    message, reason = f"{follows}: {error}", Trouble.RETRYING
    match error:
        case TakenError():
            reason = Trouble.NAME_TAKEN
        case errors.ForbiddenError():
            message, reason = f"{message}: {errors.rights_for(resource)}", Trouble.REFUSED
        case errors.RefusedError():
            reason = Trouble.REFUSED
        case _ if is_quota(error) and resource == REVISIONS:
            message = f"{message}: {ROOM}"
    return Problem("", reason, message, lasting=reason != Trouble.RETRYING)


def manifest(owner: Metadata, record: Record, content: Mapping[str, Any]) -> Object:
    """Return a new revision of a Formation."""
    return {
        "apiVersion": kinds.BY_NAME[kinds.CONTROLLER_REVISION].api_version,
        "kind": kinds.CONTROLLER_REVISION,
        "metadata": {
            "name": record.name,
            "namespace": owner.namespace,
            # No other: a StatefulSet adopts orphaned revisions that its selector matches.
            "labels": {naming.FORMATION_LABEL: owner.name},
            "annotations": {key: value for key, value in _annotations(record).items() if value},
            "ownerReferences": [intents.owner_reference(owner)],
        },
        "revision": record.number,
        "data": content,
    }


def content_in(raw: Object, owner: Metadata, digest: str) -> Object | None:
    """Return the content of a digest that a revision keeps; nothing if it is another's, or keeps another one.

    An orphan of the Formation keeps one, too.
    """
    if not (is_own(raw, owner) or is_orphan(raw, owner)):
        return None
    data = lenient.mapping(raw, "data")
    try:
        bounds.check(data)  # before it is hashed, which takes longer
    except bounds.TooLargeError:
        return None
    return data if digest_of(data) == digest else None


def is_own(raw: Mapping[str, Any], owner: Metadata) -> bool:
    """Return whether a Formation owns an object."""
    return _owner_of(raw) == owner.uid


def is_orphan(raw: Mapping[str, Any], owner: Metadata) -> bool:
    """Return whether an object has no owner, and the label of a Formation."""
    labels = lenient.mapping(raw, "metadata", "labels")
    return _owner_of(raw) is None and labels.get(naming.FORMATION_LABEL) == owner.name


def is_leaving(raw: Object, owner: Metadata) -> bool:
    """Return whether a Formation of the same name owns an object that was there before: then it goes."""
    its = lenient.controller(lenient.mapping(raw, "metadata"))
    alike = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": owner.name}
    return its.items() >= alike.items() and its.get("uid") != owner.uid


def updated(raw: Object, owner: Metadata, record: Record) -> list[Object]:
    """Return the JSON patch that has a revision, as it was read, say what a record does, and be owned.

    Nothing is returned if it does.
    """
    metadata, operations = raw["metadata"], _annotated(_annotations_of(raw), record)
    if operations or raw.get("revision") != record.number:
        operations.append({"op": "add", "path": "/revision", "value": record.number})
    if _owner_of(raw) is None:
        owners = [*lenient.items(metadata, "ownerReferences"), intents.owner_reference(owner)]
        operations.append({"op": "add", "path": "/metadata/ownerReferences", "value": owners})
    return [*unchanged(metadata), *operations] if operations else []


def says_the_same(one: Record, other: Record) -> bool:
    """Return whether two records say the same of a content, whatever others have changed of its revision."""
    return dataclasses.replace(one, uid=other.uid, version=other.version) == other


def raw_of(owner: Metadata, record: Record) -> Object:
    """Return a revision as it was when its record was read or written, without its content."""
    raw = manifest(owner, record, {})
    return {**raw, "metadata": {**raw["metadata"], "uid": record.uid, "resourceVersion": record.version}}


def _annotated(before: Mapping[str, Any], record: Record) -> list[Object]:
    """Return the operations after which annotations say what a record does; those of others stay."""
    operations: list[Object] = [] if before else [{"op": "add", "path": ANNOTATIONS, "value": {}}]
    for key, value in _annotations(record).items():
        path = f"{ANNOTATIONS}/{key.replace('/', '~1')}"
        if value and value != before.get(key):
            operations.append({"op": "add", "path": path, "value": value})
        elif not value and key in before:
            operations.append({"op": "remove", "path": path})
    return operations


def _annotations(record: Record) -> dict[str, str]:
    """Return the annotations of a record; one that is empty isn't written."""
    return {
        naming.REVISION_ANNOTATION: str(record.number),
        naming.TRIAL_ANNOTATION: str(record.trial or ""),
        naming.RAN_WELL_ANNOTATION: ",".join(sorted(record.ran_well)),
        naming.DEPLOYS_ANNOTATION: deploys.text(record.deploys),
    }


def changed(before: Record, changes: Mapping[str, Any], deploy: Deploy | None = None) -> Record:
    """Return what a revision says after a change, with the deploy under way in its log.

    That is one deploy from the first word about it on, until another content is declared. A failed one gets a
    number, too, if its canaries stand later.
    """
    after = dataclasses.replace(before, **changes)
    number, log = changes.get("number", 0), [*before.deploys]
    is_new = number not in {0, *(each.number for each in log)}
    if deploy is not None and (is_new or after.trial is not None or not log):
        last = log[-1] if log and not log[-1].number else None
        is_open = last is not None and (before.trial is not None or last.end is End.NONE)
        end = End.FAILED if after.trial is CanaryState.FAILED else End.NONE
        log.append(dataclasses.replace(log.pop() if is_open else deploy, number=number, end=end))
    elif deploy is None and "ran_well" in changes and log and 0 < log[-1].number == number:
        log[-1] = dataclasses.replace(log[-1], end=End.RAN if after.ran_well else End.FAILED)
    elif deploy is None and "trial" in changes and log and not log[-1].number and log[-1].end is End.NONE:
        log[-1] = dataclasses.replace(log[-1], end=End.LEFT)
    return dataclasses.replace(after, deploys=tuple(log[-deploys.MOST :]))


def record_of(raw: Object, owner: Metadata) -> Record:
    """Return what a revision says of its content: of an orphan only that it has failed counts.

    Whoever restores a backup brings back orphans, and what ran well before that may not fit any more.
    """
    record = listed(raw)
    if is_own(raw, owner):
        return dataclasses.replace(record, deploys=deploys.read(_annotations_of(raw)))
    trial = CanaryState.FAILED if record.trial is CanaryState.FAILED else None
    return dataclasses.replace(record, version="", number=0, trial=trial, ran_well=frozenset())


def _annotations_of(raw: Object) -> Object:
    return lenient.mapping(raw, "metadata", "annotations")


def listed(raw: Object) -> Record:
    """Return what a list has of a revision, of which only the metadata counts."""
    metadata, said = raw["metadata"], _annotations_of(raw)
    number = number_in(str(said.get(naming.REVISION_ANNOTATION))) or 0
    trial = str(said.get(naming.TRIAL_ANNOTATION))
    return Record(
        name=metadata["name"],
        uid=metadata["uid"],
        version=str(metadata["resourceVersion"]),
        number=number,
        trial=CanaryState(trial) if trial in [*CanaryState] else None,
        ran_well=ran_well(said),
    )


def _owner_of(raw: Mapping[str, Any]) -> str | None:
    """Return the uid of an object's controller."""
    owner = lenient.controller(lenient.mapping(raw, "metadata"))
    return str(owner.get("uid")) if owner else None
