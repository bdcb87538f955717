"""What one pass saw of a Formation: the input of its status."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from formation_operator.api.content import Mark
from formation_operator.api.formation_status import CanaryStatus, ReleaseStatus, Revision
from formation_operator.api.reasons import Trouble
from formation_operator.diagnose.finding import Finding
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render.intents import Intent
from formation_operator.replicas import scale_requests
from formation_operator.rollout.desired import Desired

STAYS = "the operator changes nothing of this type but its count"
UNKNOWN = f"{STAYS} until the release is done: the running version isn't kept as a revision"
GONE = (
    "its Deployment is gone, and its version isn't kept as a revision: the Deployment is made again once the "
    "release is done; or go back (kubectl formation rollback {} --to ...)"
)
DOWN = (
    "it stays at zero until the release of the new version is done; to run the previous version at once: "
    "kubectl formation rollback {}"
)


@dataclasses.dataclass(frozen=True)
class Observation:
    """All that a pass saw of a Formation."""

    snapshot: Snapshot
    """With the children as they are after the pass's own writes."""
    desired: Desired
    intents: Mapping[str, Intent]
    """Of the Deployment of each type, and of each canary, that could be rendered."""
    changed: Collection[str] = ()
    """The types and canaries, by the names that stand for them, of which this pass has written anything."""
    problems: Sequence[Problem] = ()
    """What keeps children from being as intended."""
    pods: Mapping[str, Sequence[Pod]] = dataclasses.field(default_factory=dict)
    """The Pods that aren't well, by type."""
    findings: Mapping[str, Sequence[Finding]] = dataclasses.field(default_factory=dict)
    """What is wrong with them, by type."""
    unscaled: Iterable[str] = ()
    """Sentences about autoscalers of ours that can't scale."""
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What is worth knowing of a type's autoscaler although all is well."""
    revision: Revision | None = None
    """The newest revision, which is ready once it has run well."""
    release: ReleaseStatus | None = None
    """How far the release command is, where there is one."""
    canary: CanaryStatus | None = None
    """How far the canaries are, while there are some."""
    schedules: Mapping[str, Sequence[Job]] = dataclasses.field(default_factory=dict)
    """The runs of each schedule that is declared, or that the rendered content has."""
    causes: Mapping[str, Finding] = dataclasses.field(default_factory=dict)
    """Why a run fails or can't go on, by the name of its Job."""
    unrevised: Problem | None = None
    """Why there is no revision of what is rendered."""

    @property
    def is_rolled_out(self) -> bool:
        """Whether every type of the content was written as it is meant to be now."""
        return not self.snapshot.spec.paused and all(map(self.is_as_intended, self.desired.counts))

    def is_as_intended(self, process_type: str) -> bool:
        """Return whether a type could be rendered, and its Deployment has the digest of the intent."""
        child, intent = self.snapshot.deployment(process_type), self.intents.get(process_type)
        return child is not None and intent is not None and child.digest == intent.digest


def problems(
    snapshot: Snapshot, desired: Desired, found: Iterable[Problem], released: Mark | None
) -> list[Problem]:
    """Return what keeps each type from being as declared, with what the pass has found of that.

    ``released`` names what was let through last. An autoscaler that may start processes of a suspended type
    is a problem even before it does so.
    """
    restless = scale_requests.restless(snapshot.spec, desired.counts).items()
    unheld = (Problem(name, Trouble.CAN_NOT_SUSPEND, why) for name, why in restless)
    unreleased = _unreleased(snapshot, desired, released)
    return [*dict.fromkeys((*found, *desired.undecided, *unheld, *unreleased))]


def _unreleased(snapshot: Snapshot, desired: Desired, released: Mark | None) -> Iterator[Problem]:
    """Yield what is said of the types that aren't as declared because their content isn't released.

    Without a gate it isn't known whether what runs is kept: the problems of the rollout say why.
    """
    gate, content, name_of_app = desired.rollout.gate, desired.content, snapshot.owner.name
    for name, count in sorted(desired.counts.items()):
        if count.suspended and not snapshot.spec.suspend:
            yield Problem(name, Trouble.WAITING, DOWN.format(name_of_app), lasting=False)
        elif not content.is_known:
            yield Problem(name, Trouble.WAITING, UNKNOWN if gate else STAYS, lasting=False)
    if content.is_known or released is None or not gate:
        return
    for name in sorted(snapshot.spec.processes.keys() - desired.counts):
        yield Problem(name, Trouble.WAITING, GONE.format(name_of_app), lasting=False)
