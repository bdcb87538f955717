"""How far the deploy of a Formation is: the content that is rendered, and what the declared one waits for."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from formation_operator.api.content import Mark
from formation_operator.api.formation import FormationSpec
from formation_operator.api.reasons import ReleaseState
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Object
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.requeue import Requeue, soonest
from formation_operator.rollout.gate import Decision, Gate


class Content(NamedTuple):
    """What is rendered: a spec whose counts, `suspend` and `paused` aren't used."""

    spec: FormationSpec
    kept: Mapping[str, Any] | None = None
    """As its revision keeps it; nothing if it is what the Formation says now."""
    is_known: bool = True
    """Whether it is known what should run: if it isn't, counts alone are written, and nothing is deleted."""
    mark: Mark | None = None
    """What names it, once it was let through."""

    @property
    def is_declared(self) -> bool:
        """Whether it is what the Formation says now."""
        return self.kept is None and self.is_known


NOTHING = Content(FormationSpec.model_construct(processes={}), is_known=False)
"""Nothing is rendered: nothing was released yet, or what was released isn't kept."""


class Rollout(NamedTuple):
    """The content that is rendered, and what has to come before the declared one is."""

    content: Content
    gate: Gate | None = None
    """What decides how its release goes on; nothing if there is none."""
    decision: Decision | None = None
    """What was done about that; nothing if that has to wait."""
    is_outdated: bool = False
    """Whether the CRD has lost fields, so that the declared content isn't known."""
    canaries: Sequence[str] = ()
    """The types whose canaries have to stand before the declared content is let through."""
    is_unread: bool = False
    """Whether it can't be read, or kept, which types these are: until then canaries stay as they are."""
    problems: Sequence[Problem] = ()
    requeue: Requeue | None = None
    jobs: Sequence[Object] = ()
    """The Jobs that were written, as the API server answered."""
    notices: Sequence[Notice] = ()

    def later(self, requeue: Requeue | None, *problems: Problem) -> "Rollout":
        """Return this with when to go on, and with why that has to wait."""
        return self._replace(requeue=soonest(self.requeue, requeue), problems=[*self.problems, *problems])

    @property
    def is_unreleased(self) -> bool:
        """Whether another content is rendered than the declared one, which has to be released first."""
        return not (self.content.is_declared or self.canaries or self.is_outdated)

    @property
    def job(self) -> Job | None:
        """The Job that runs the release of the declared content, or has failed to."""
        done = self.decision
        return done.job if done and done.state in (ReleaseState.RUNNING, ReleaseState.FAILED) else None
