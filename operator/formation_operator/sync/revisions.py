"""What a revision looks like, which number it gets, and which are too many: pure.

Anybody who may write in a namespace may write ControllerRevisions there. Those of another owner count for
nothing, and whatever one says, only its own Formation is concerned.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import digest_in, digest_of, ran_well
from formation_operator.api.formation import Metadata
from formation_operator.kube.objects import kinds, lenient
from formation_operator.render import desired

Object = dict[str, Any]
DIGITS = 9
"""Of the highest number that counts: a larger one isn't ours, and could have no successor."""


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

    own: tuple[Listed, ...] = ()
    names: frozenset[str] = frozenset()
    """Of all with the Formation's label, whoever owns them."""
    newest: str = ""
    """The name of the one that ran until now."""
    ran_well: frozenset[str] = frozenset()
    """The digests of the contents that have run well, as the newest one says."""

    def with_page(self, mine: Metadata, page: Iterable[Object]) -> "History":
        """Return this with what a page of a list has, of which only the metadata counts."""
        items = [*page]
        own = [raw for raw in items if _owner_of(raw) == mine.uid]
        newest = (raw for raw in own if raw["metadata"]["name"] == self.newest)
        return dataclasses.replace(
            self,
            own=(*self.own, *map(_listed, own)),
            names=self.names | {raw["metadata"]["name"] for raw in items},
            ran_well=self.ran_well.union(*(ran_well(_annotations_of(raw)) for raw in newest)),
        )

    def with_ready(self, name: str, gone: Iterable[Listed]) -> "History":
        """Return this where one of a name has run well, too; of what is about to go that isn't said."""
        stay = {each.name for each in self.own} - {each.name for each in gone}
        well = {digest_in(each) for each in stay if each == name or digest_in(each) in self.ran_well}
        return dataclasses.replace(self, ran_well=frozenset(well))

    def number(self, name: str, floor: int, there: int = 0) -> int:
        """Return the number of the revision of a name once its content is rolled out.

        ``floor`` is the number of the one that ran before, and ``there`` the one that it has already, if any.
        It keeps that if it is the newest anyway: then only the status lacks it.
        """
        highest = max((each.number for each in self.own if each.name != name), default=0)
        highest = max(highest, floor)
        return there if there > highest else highest + 1

    def surplus(self, limit: int, kept: Collection[str]) -> list[Listed]:
        """Return the oldest beyond so many that don't run, which leaves out those of some names."""
        old = [each for each in self.own if each.name not in kept]
        return sorted(old, key=lambda each: each.number)[: max(0, len(old) - limit)]


def manifest(
    mine: Metadata, name: str, number: int, content: Mapping[str, Any], well: Collection[str]
) -> Object:
    """Return a new revision of a Formation, with the digests of the contents that have run ``well``."""
    return {
        "apiVersion": kinds.BY_NAME[kinds.CONTROLLER_REVISION].api_version,
        "kind": kinds.CONTROLLER_REVISION,
        "metadata": {
            "name": name,
            "namespace": mine.namespace,
            # No other: a StatefulSet adopts orphaned revisions that its selector matches.
            "labels": {naming.FORMATION_LABEL: mine.name},
            "annotations": _annotations(number, well),
            "ownerReferences": [desired.owner_reference(mine)],
        },
        "revision": number,
        "data": content,
    }


def is_usable(raw: Object, mine: Metadata, content: Mapping[str, Any]) -> bool:
    """Return whether an object keeps just this content, and is a Formation's own or its orphan."""
    data = lenient.mapping(raw, "data")
    # The digest tells true from 1, which are equal here.
    return belongs(raw, mine) and data == content and digest_of(data) == digest_of(content)


def belongs(raw: Mapping[str, Any], mine: Metadata) -> bool:
    """Return whether an object is a Formation's own, or its orphan."""
    owner, labels = _owner_of(raw), lenient.mapping(raw, "metadata", "labels")
    return owner == mine.uid or (owner is None and labels.get(naming.FORMATION_LABEL) == mine.name)


def is_leaving(raw: Object, mine: Metadata) -> bool:
    """Return whether a Formation of the same name owns an object that was there before: then it goes."""
    owner = lenient.controller(lenient.mapping(raw, "metadata"))
    alike = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": mine.name}
    return owner.items() >= alike.items() and owner.get("uid") != mine.uid


def is_numbered(raw: Object, mine: Metadata, number: int) -> bool:
    """Return whether there is nothing to write: a revision is a Formation's own, and has a number."""
    return _owner_of(raw) == mine.uid and raw.get("revision") == number_in(raw) == number


def renumbered(raw: Object, mine: Metadata, number: int, well: Collection[str]) -> list[Object]:
    """Return the JSON patch that gives a revision, as it was read, a number, and an orphan its owner.

    It gets the digests of the contents that have run ``well``, too.
    """
    metadata = raw["metadata"]
    annotations = {**_annotations_of(raw), **_annotations(number, well)}
    operations: list[Object] = [
        # Both make it a conflict if it is another one by now, or was changed.
        {"op": "replace", "path": "/metadata/uid", "value": metadata["uid"]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "add", "path": "/metadata/annotations", "value": annotations},
        {"op": "add", "path": "/revision", "value": number},
    ]
    if _owner_of(raw) is None:
        owners = [*lenient.items(metadata, "ownerReferences"), desired.owner_reference(mine)]
        operations.append({"op": "add", "path": "/metadata/ownerReferences", "value": owners})
    return operations


def number_in(raw: Object) -> int:
    """Return the number that a revision says in its metadata, or 0."""
    text = _annotations_of(raw).get(naming.REVISION_ANNOTATION)
    if not (isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        return 0
    return int(text)


def _annotations(number: int, well: Collection[str]) -> Object:
    said = {naming.RAN_WELL_ANNOTATION: ",".join(sorted(well))} if well else {}
    return {naming.REVISION_ANNOTATION: str(number), **said}


def _annotations_of(raw: Object) -> Object:
    return lenient.mapping(raw, "metadata", "annotations")


def _listed(raw: Object) -> Listed:
    metadata = raw["metadata"]
    return Listed(metadata["name"], metadata["uid"], str(metadata["resourceVersion"]), number_in(raw))


def _owner_of(raw: Mapping[str, Any]) -> str | None:
    """Return the uid of an object's controller."""
    owner = lenient.controller(lenient.mapping(raw, "metadata"))
    return str(owner.get("uid")) if owner else None
