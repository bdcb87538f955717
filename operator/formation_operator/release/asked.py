"""What is asked about the release of a Formation, what is answered, and what is remembered of it."""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from formation_operator.api import naming
from formation_operator.api.content import Mark, mark_in, revision_name
from formation_operator.api.formation import Formation, FormationSpec
from formation_operator.api.formation_status import FormationStatus, ReleaseStatus, Revision
from formation_operator.api.reasons import ReleaseState
from formation_operator.backoff import Tried, tried
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Child, Children
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.jobs import Job
from formation_operator.release.gate import Decision, Gate
from formation_operator.release.revisions import History
from formation_operator.requeue import Lane, Requeue, soonest

RETRY_FIRST, RETRY_MOST = 2.0, 300.0
"""Seconds until a step that failed is tried again, at first and at the most."""


class Content(NamedTuple):
    """What is rendered: a spec whose counts, `suspend` and `paused` aren't used."""

    spec: FormationSpec
    kept: Mapping[str, Any] | None = None
    """As its revision keeps it; nothing if it is what the Formation says now."""
    known: bool = True
    """Whether it is known what should run: if it isn't, counts alone are written, and nothing is deleted."""
    mark: Mark | None = None
    """What names it, once it was let through."""

    @property
    def is_declared(self) -> bool:
        """Whether it is what the Formation says now."""
        return self.kept is None and self.known


NOTHING = Content(FormationSpec.model_construct(processes={}), known=False)
"""Nothing is rendered: nothing was released yet, or what was released isn't kept."""


class LostFields(NamedTuple):
    """What the CRD has lost of a content."""

    digest: str = ""
    """Of the content."""
    message: str = ""
    """The fields, with the way out; empty if the CRD has all."""


class NewContent(NamedTuple):
    """A content that wasn't let through before."""

    digest: str = ""
    is_kept: bool = False
    """Whether a revision keeps it."""


class Comparison(NamedTuple):
    """Two contents that were compared."""

    contents: tuple[str, ...] = ()
    """What names them, and the seconds of their canaries."""
    canaries: Mapping[str, str] = MappingProxyType({})
    """The digest of the canary of each type that differs."""


@dataclasses.dataclass(slots=True)
class Noted:
    """What is remembered of the releases of one Formation; all of it can be found out again."""

    generation: int = -1
    digest: str = ""
    """Of the content that the Formation has at that generation."""
    key: str = ""
    released: Mark | None = None
    """What names the content that was let through last, before a Deployment does."""
    lost: LostFields = dataclasses.field(default_factory=LostFields)
    unreleased: NewContent = dataclasses.field(default_factory=NewContent)
    comparison: Comparison = dataclasses.field(default_factory=Comparison)
    kept: Mark | None = None
    """The content whose revision was written last."""
    unkept: Tried[Problem | None] | None = None
    """The try to write a revision, if it failed, and what is said of that."""
    history: History | None = None
    """The revisions that there were when a content was let through; nothing once those too many are gone."""
    failed: Tried[Sequence[Problem]] | None = None
    """The step of a release that failed, and what is said of it."""
    unread: Tried[None] | None = None
    """The choice of a content, if it has failed since one succeeded."""

    @property
    def is_released(self) -> bool:
        """Whether the content that the Formation has now was let through last."""
        return self.released is not None and self.released.digest == self.digest

    @property
    def what(self) -> tuple[str, str]:
        """What is released, and what its release is given."""
        return self.digest, self.key

    def retry(self, now: float, problems: Sequence[Problem] = ()) -> Requeue:
        """Note that a step failed, and return when to try again: later each time, whatever the counts are."""
        self.failed = tried(self.failed, self.what, problems, now, (RETRY_FIRST, RETRY_MOST))
        return Requeue(Lane.REPORT, self.failed.pause)


class Asked(NamedTuple):
    """The Formation whose content is to be chosen, and what is known of its releases."""

    raw: Object
    formation: Formation
    before: FormationStatus
    jobs: Sequence[Job]
    """Its releases, the oldest first; of many only some."""
    children: Children
    noted: Noted
    faults: Faults
    known: Cache
    now: float
    """By a clock in seconds that nobody sets."""

    @property
    def declared(self) -> Content:
        """What the Formation says now: it is rendered unless its release has to come first."""
        return Content(self.formation.spec, mark=self.noted.released)

    @property
    def is_gated(self) -> bool:
        """Whether something may hold a content back."""
        return self.formation.spec.release is not None or self.formation.spec.canary is not None

    @property
    def is_forbidden(self) -> bool:
        """Whether we have no right to list Jobs."""
        return self.known.is_forbidden(kinds.JOB, self.formation.metadata.namespace)

    @property
    def reported(self) -> Mark | None:
        """What names the content that was let through last, by the last status."""
        said, formation = self.before.revision, self.formation.metadata.name
        return mark_in(f"{said.number}-{said.name.removeprefix(f'{formation}-')}") if said else None

    @property
    def kept(self) -> Revision | None:
        """The revision that was written last."""
        mark, formation = self.noted.kept or self.reported, self.formation.metadata.name
        return Revision(name=revision_name(formation, mark.digest), number=mark.number) if mark else None

    @property
    def deployments(self) -> Mapping[str, Child]:
        """The Deployments that the Formation owns, or may adopt, by type, whatever is declared."""
        mine, found = self.formation.metadata, dict[str, Child]()
        for (kind, name), child in sorted(self.children.items()):
            process_type = naming.type_of(mine.name, name)
            if kind is ChildKind.DEPLOYMENT and child.belongs_to(mine.uid, mine.name, process_type):
                found[process_type] = child
        return found

    @property
    def named(self) -> Sequence[Mark]:
        """What names the contents that templates of this Formation were written from."""
        return [child.content for child in self.deployments.values() if child.content is not None]

    @property
    def of_jobs(self) -> set[str]:
        """The digests of the contents that Jobs release, or have released."""
        return {each.digest for each in self.jobs if not each.left}

    @property
    def is_first(self) -> bool:
        """Whether nothing was released before, and there is nothing that may run."""
        runs = any(each.kind.traits.runs_processes for each in self.children.values())
        return not (self.noted.released or runs)


class Chosen(NamedTuple):
    """The content that is rendered, and how the release of the wanted one goes."""

    content: Content
    gate: Gate | None = None
    """What decides how its release goes on; nothing if there is none."""
    decision: Decision | None = None
    """What was done about that; nothing if that has to wait."""
    status: ReleaseStatus | None = None
    problems: Sequence[Problem] = ()
    requeue: Requeue | None = None
    written: Sequence[Object] = ()
    """The Jobs that were written, as the API server answered."""
    notices: Sequence[Notice] = ()
    canaries: Sequence[str] = ()
    """The types whose canaries have to stand before the wanted content is let through."""

    def later(self, requeue: Requeue | None, *problems: Problem) -> "Chosen":
        """Return this with when to go on, and with why that has to wait."""
        return self._replace(requeue=soonest(self.requeue, requeue), problems=[*self.problems, *problems])

    @property
    def is_unreleased(self) -> bool:
        """Whether another content is rendered than the wanted one, which isn't on trial either."""
        return not (self.content.is_declared or self.canaries)

    @property
    def job(self) -> Job | None:
        """The Job that runs the release of the wanted content, or has failed to."""
        done = self.decision
        is_its = done is not None and done.state in (ReleaseState.RUNNING, ReleaseState.FAILED)
        return done.job if done is not None and is_its else None
