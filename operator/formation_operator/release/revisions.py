"""What a revision looks like, which number it gets, and which are too many: pure.

Anybody who may write in a namespace may write ControllerRevisions there. Those of another owner count for
nothing, and whatever one says, only its own Formation is concerned.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from formation_operator.api import bounds, naming
from formation_operator.api.content import Mark, digest_in, digest_of, ran_well, revision_name
from formation_operator.api.formation import Metadata
from formation_operator.kube.objects import kinds, lenient
from formation_operator.render import desired

Object = dict[str, Any]
DIGITS = 12
"""Of the highest number that counts: a larger one isn't ours."""
LIKELY = 10**9
"""Numbers from there on don't decide about the next one, unless a Deployment names them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One revision of a Formation, as its metadata has it."""

    name: str
    uid: str
    version: str
    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """The revisions of a Formation that were found."""

    own: Sequence[Listed] = ()
    orphans: Sequence[Listed] = ()
    """Those with the Formation's label that have no owner: an earlier Formation has left them."""
    ran_well: frozenset[str] = frozenset()
    """The digests of the contents that have run well, as the one that ran until now says."""

    def __contains__(self, name: str) -> bool:
        """Return whether a revision of a name is there."""
        return any(each.name == name for each in (*self.own, *self.orphans))

    def with_page(self, mine: Metadata, page: Iterable[Object], released: str) -> "History":
        """Return this with what a page of a list has, of which only the metadata counts.

        ``released`` is the digest of the content that was released last.
        """
        items = [*page]
        own = [raw for raw in items if _owner_of(raw) == mine.uid]
        name = revision_name(mine.name, released)
        last = (raw for raw in own if raw["metadata"]["name"] == name)
        return dataclasses.replace(
            self,
            own=(*self.own, *map(_listed, own)),
            orphans=(*self.orphans, *(_listed(raw) for raw in items if is_orphan(raw, mine))),
            ran_well=self.ran_well.union(*(ran_well(_annotations_of(raw)) for raw in last)),
        )

    def with_ready(self, digest: str) -> "History":
        """Return this where the content of a digest has run well, too; only what is kept counts."""
        there = frozenset(digest_in(each.name) for each in self.own)
        return dataclasses.replace(self, ran_well=there & {*self.ran_well, digest})

    def without_credit(self, gone: Iterable[Listed]) -> "History":
        """Return this where nothing is said of what is about to go."""
        return dataclasses.replace(self, ran_well=self.ran_well - {digest_in(each.name) for each in gone})

    def next(self, floor: int) -> int:
        """Return the number of a content that is let through after the one numbered ``floor``."""
        likely = (each.number for each in self.own if each.number < LIKELY)
        return max((floor, *likely)) + 1

    def number_of(self, digest: str, floor: int) -> int:
        """Return the number of a content that was let through last, and not written since then; else 0."""
        there = next((each.number for each in self.own if digest_in(each.name) == digest), 0)
        return there if floor < there == self.next(floor) - 1 else 0

    def surplus(self, limit: int, protected: Collection[str]) -> list[Listed]:
        """Return the oldest beyond a limit, which neither counts nor contains those of some digests.

        The newest that has run well is protected, too.
        """
        by_number = sorted(self.own, key=lambda each: each.number)
        well = [digest_in(each.name) for each in by_number if digest_in(each.name) in self.ran_well]
        kept = {*protected, *well[-1:]}
        old = [each for each in by_number if digest_in(each.name) not in kept]
        return old[: max(0, len(old) - limit)]


NONE = History()


def manifest(mine: Metadata, mark: Mark, content: Mapping[str, Any], well: Collection[str] = ()) -> Object:
    """Return a new revision of a Formation, with the digests of the contents that have run ``well``."""
    return {
        "apiVersion": kinds.BY_NAME[kinds.CONTROLLER_REVISION].api_version,
        "kind": kinds.CONTROLLER_REVISION,
        "metadata": {
            "name": revision_name(mine.name, mark.digest),
            "namespace": mine.namespace,
            # No other: a StatefulSet adopts orphaned revisions that its selector matches.
            "labels": {naming.FORMATION_LABEL: mine.name},
            "annotations": _annotations(mark.number, well),
            "ownerReferences": [desired.owner_reference(mine)],
        },
        "revision": mark.number,
        "data": content,
    }


def content_in(raw: Object, mine: Metadata, digest: str) -> Object | None:
    """Return the content of a digest that a revision keeps; nothing if it is another's, or keeps another one.

    An orphan of the Formation keeps one, too.
    """
    if _owner_of(raw) != mine.uid and not is_orphan(raw, mine):
        return None
    data = lenient.mapping(raw, "data")
    try:
        bounds.check(data)  # before it is hashed, which takes longer
    except bounds.TooLargeError:
        return None
    return data if digest_of(data) == digest else None


def is_orphan(raw: Mapping[str, Any], mine: Metadata) -> bool:
    """Return whether an object has no owner, and the label of a Formation."""
    labels = lenient.mapping(raw, "metadata", "labels")
    return _owner_of(raw) is None and labels.get(naming.FORMATION_LABEL) == mine.name


def is_leaving(raw: Object, mine: Metadata) -> bool:
    """Return whether a Formation of the same name owns an object that was there before: then it goes."""
    owner = lenient.controller(lenient.mapping(raw, "metadata"))
    alike = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": mine.name}
    return owner.items() >= alike.items() and owner.get("uid") != mine.uid


def numbered(raw: Object, mine: Metadata, number: int, well: Collection[str] = ()) -> list[Object]:
    """Return the JSON patch that gives a revision, as it was read, a number, and an orphan its owner.

    It gets the digests of the contents that have run ``well``, too. Nothing is returned if it has all that.
    """
    metadata = raw["metadata"]
    annotations = {**_annotations_of(raw), **_annotations(number, well)}
    operations: list[Object] = []
    if annotations != _annotations_of(raw) or raw.get("revision") != number:
        operations += [
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
            {"op": "add", "path": "/revision", "value": number},
        ]
    if _owner_of(raw) is None:
        owners = [*lenient.items(metadata, "ownerReferences"), desired.owner_reference(mine)]
        operations.append({"op": "add", "path": "/metadata/ownerReferences", "value": owners})
    # Both make it a conflict if it is another one by now, or was changed.
    same = [
        {"op": "replace", "path": f"/metadata/{field}", "value": metadata[field]}
        for field in ("uid", "resourceVersion")
    ]
    return [*same, *operations] if operations else []


def number_in(raw: Object, mine: Metadata) -> int:
    """Return the number that a Formation's own revision says in its metadata; 0 if it has none."""
    return _number_in(raw) if _owner_of(raw) == mine.uid else 0


def _number_in(raw: Object) -> int:
    text = str(_annotations_of(raw).get(naming.REVISION_ANNOTATION))
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else 0


def _annotations(number: int, well: Collection[str]) -> Object:
    said = {naming.RAN_WELL_ANNOTATION: ",".join(sorted(well))} if well else {}
    return {naming.REVISION_ANNOTATION: str(number), **said}


def _annotations_of(raw: Object) -> Object:
    return lenient.mapping(raw, "metadata", "annotations")


def _listed(raw: Object) -> Listed:
    metadata = raw["metadata"]
    return Listed(metadata["name"], metadata["uid"], str(metadata["resourceVersion"]), _number_in(raw))


def _owner_of(raw: Mapping[str, Any]) -> str | None:
    """Return the uid of an object's controller."""
    owner = lenient.controller(lenient.mapping(raw, "metadata"))
    return str(owner.get("uid")) if owner else None
