"""What is asked about the release of a Formation, what is answered, and what is remembered of it."""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from formation_operator.api import naming
from formation_operator.api.content import Mark, mark_in
from formation_operator.api.formation import Formation
from formation_operator.api.formation_status import FormationStatus, ReleaseStatus
from formation_operator.backoff import doubled
from formation_operator.diagnose.evidence import Evidence
from formation_operator.diagnose.job_cause import Blocked
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.release import gate
from formation_operator.release.content import Content
from formation_operator.release.gate import Situation
from formation_operator.release.revisions import History
from formation_operator.requeue import Lane, Requeue

RETRY_FIRST, RETRY_MOST = 2.0, 300.0
"""Seconds until a step that failed is tried again, at first and at the most."""


class Unkept(NamedTuple):
    """That the revision of a content couldn't be written."""

    mark: Mark
    limit: int | None
    """What the Formation said then: another limit may make room."""
    problem: Problem | None
    """What is said of it; nothing while it is about to pass."""
    at: float
    pause: float
    """Seconds until it is tried again."""


@dataclasses.dataclass(slots=True)
class Noted:
    """What is remembered of the releases of one Formation; all of it can be found out again."""

    generation: int = -1
    digest: str = ""
    """Of the content that the Formation has at that generation."""
    key: str = ""
    released: Mark | None = None
    """What names the content that was let through last, before a Deployment does."""
    complete: int = -1
    """The generation at which the CRD was found to have all fields."""
    outdated: tuple[str, str] = "", ""
    """The digest of a content of which the CRD has lost fields, and what is said of that."""
    unreleased: str = ""
    """The digest of a content that was found not to be let through before."""
    kept: Mark | None = None
    """The content whose revision was written last."""
    unkept: Unkept | None = None
    history: History | None = None
    """The revisions that there were when a content was let through; nothing once those too many are gone."""
    started: str = ""
    """The uid of a Job that has started a container."""
    pause: float | None = None
    """Seconds until a step that failed is tried again."""
    blocked: Blocked | None = None
    """Why a Job has no Pod."""
    evidence: Evidence = dataclasses.field(default_factory=Evidence)

    def retry(self, first: float = RETRY_FIRST) -> Requeue:
        """Return when to try again what failed or has to wait: after ``first`` seconds, later each time."""
        self.pause = doubled(self.pause, first, RETRY_MOST)
        return Requeue(Lane.REPORT, self.pause)


class Asked(NamedTuple):
    """The Formation whose content is to be chosen, and what is known of its releases."""

    raw: Object
    formation: Formation
    content: Content
    """What it says now."""
    before: FormationStatus
    jobs: Sequence[Job]
    pods: Sequence[Pod]
    """The Pods of its releases that aren't well."""
    children: Children
    noted: Noted
    faults: Faults
    known_jobs: Callable[[], Collection[str]]
    """Returns the uids of all Jobs that are known: of many only some are in ``jobs``."""
    forbidden: bool
    """Whether we have no right to list Jobs."""

    @property
    def reported(self) -> Mark | None:
        """What names the content that was let through last, by the last status."""
        said, formation = self.before.revision, self.formation.metadata.name
        return mark_in(f"{said.number}-{said.name.removeprefix(f'{formation}-')}") if said else None

    @property
    def named(self) -> Sequence[Mark]:
        """What names the contents that templates of this Formation were written from."""
        mine = self.formation.metadata
        own = (
            child
            for (kind, name), child in self.children.items()
            if kind is ChildKind.DEPLOYMENT
            and child.belongs_to(mine.uid, mine.name, naming.type_of(mine.name, name))
        )
        return [child.content for child in own if child.content is not None]

    @property
    def of_jobs(self) -> set[str]:
        """The digests of the contents that Jobs release, or have released."""
        uid = self.formation.metadata.uid
        return {each.digest for each in self.jobs if each.owner == uid and not each.left}

    @property
    def is_first(self) -> bool:
        """Whether nothing was released before, and there is nothing that may run."""
        runs = any(each.kind.traits.runs_processes for each in self.children.values())
        return not (self.noted.released or runs)


class Chosen(NamedTuple):
    """The content that is rendered, and how the release of the wanted one goes."""

    content: Content
    status: ReleaseStatus | None = None
    problems: Sequence[Problem] = ()
    requeue: Requeue | None = None
    written: Sequence[Object] = ()
    """The Jobs that were written, as the API server answered."""
    situation: Situation | None = None
    """What decides how its release goes on; nothing if there is none."""
    released: Mark | None = None
    """What names the content that was let through last."""
    notices: Sequence[Notice] = ()

    @property
    def is_shut(self) -> bool:
        """Whether the gate of the wanted content is shut."""
        return self.situation is not None and not gate.is_open(self.situation)

    @property
    def is_held(self) -> bool:
        """Whether something else than the wanted content is rendered."""
        return self.content.is_held
