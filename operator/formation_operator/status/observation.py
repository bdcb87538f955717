"""What one pass saw of a Formation: the input of its status."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from formation_operator.api.formation import Formation
from formation_operator.api.formation_status import CanaryStatus, ReleaseStatus, Revision
from formation_operator.diagnose.finding import Finding
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.render.intents import Intent
from formation_operator.replicas.count_owner import Replicas


@dataclasses.dataclass(frozen=True)
class Observation:
    """All that a pass saw of a Formation."""

    formation: Formation
    counts: Mapping[str, Replicas]
    deployments: Mapping[str, Child]
    intents: Mapping[str, Intent]
    """Of the Deployment of each type, and of each canary, that could be rendered."""
    canaries: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """By type that has a canary: how many processes that has, one or none."""
    changed: Collection[str] = ()
    """The types and canaries, by the names that stand for them, of which this pass has written anything."""
    problems: Sequence[Problem] = ()
    """What keeps children from being as intended."""
    pods: Mapping[str, Sequence[Pod]] = dataclasses.field(default_factory=dict)
    """The Pods that aren't well, by type."""
    findings: Mapping[str, Sequence[Finding]] = dataclasses.field(default_factory=dict)
    """What is wrong with them, by type."""
    contended: Iterable[str] = ()
    """Sentences about counts that several clients want to decide about."""
    unscaled: Iterable[str] = ()
    """Sentences about autoscalers of ours that can't scale."""
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What is worth knowing of a type's autoscaler although all is well."""
    outvoted: Iterable[str] = ()
    """Sentences about disruption budgets that step back."""
    daemonizing: Iterable[str] = ()
    """Sentences about commands that leave the foreground."""
    revision: Revision | None = None
    """The newest revision, which is ready once it has run well."""
    release: ReleaseStatus | None = None
    """How far the release command is, where there is one."""
    canary: CanaryStatus | None = None
    """How far the canaries are, while there are some."""
    schedules: Mapping[str, Sequence[Job]] = dataclasses.field(default_factory=dict)
    """The runs of each schedule that is declared, or that the rendered content has."""
    cron_jobs: Mapping[str, Child] = dataclasses.field(default_factory=dict)
    """The CronJob of each schedule that has one."""
    suspended: Mapping[str, bool] = dataclasses.field(default_factory=dict)
    """Whether a schedule is to begin no run."""
    causes: Mapping[str, Finding] = dataclasses.field(default_factory=dict)
    """Why a run fails or can't go on, by the name of its Job."""
    unrevised: Problem | None = None
    """Why there is no revision of what is rendered."""

    @property
    def is_rolled_out(self) -> bool:
        """Whether every type of the content was written as it is meant to be now."""
        return not self.formation.spec.paused and all(map(self.is_as_intended, self.counts))

    def is_as_intended(self, process_type: str) -> bool:
        """Return whether a type could be rendered, and its Deployment has the digest of the intent."""
        child, intent = self.deployments.get(process_type), self.intents.get(process_type)
        return child is not None and intent is not None and child.digest == intent.digest
