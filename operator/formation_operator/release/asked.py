"""What is asked about the release of a Formation, what is answered, and what is remembered of it."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.formation import Formation
from formation_operator.api.formation_status import FormationStatus, ReleaseStatus
from formation_operator.backoff import doubled
from formation_operator.diagnose.evidence import Evidence
from formation_operator.diagnose.job_cause import Blocked
from formation_operator.kube.port import Object
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.release.content import Content
from formation_operator.release.gate import Situation
from formation_operator.requeue import Lane, Requeue

RETRY_FIRST, RETRY_MOST = 2.0, 300.0
"""Seconds until a step that failed is tried again, at first and at the most."""


@dataclasses.dataclass(slots=True)
class Noted:
    """What is remembered of the releases of one Formation; all of it can be found out again."""

    generation: int = -1
    digest: str = ""
    """Of the content that the Formation has at that generation."""
    key: str = ""
    released: str = ""
    """The digest of the content that was released last, before the status says so."""
    ungated: bool = False
    """Whether there was no release command until now: the status may not say so yet."""
    unreleased: str = ""
    """The digest of a content that was found not to be rolled out before."""
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
    forbidden: bool
    """Whether we have no right to list Jobs."""

    @property
    def kept_digest(self) -> str:
        """The digest of the content that runs, if no release was reported yet: it counts as released."""
        kept = self.before.revision
        return kept.name.removeprefix(f"{self.formation.metadata.name}-") if kept is not None else ""

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
    released: str = ""
    """The digest of the content that was released last."""

    @property
    def is_held(self) -> bool:
        """Whether something else than the wanted content is rendered."""
        return self.content.kept is not None or not self.content.known
