"""What is to be: a content, what comes apart from it for each type, and what keeps it from that. Pure."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import Autoscaling, FormationSpec, ProcessType
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render.disruption import Budgets
from formation_operator.replicas import autoscaling, count_owner, singletons
from formation_operator.replicas.count_owner import Replicas
from formation_operator.rollout import canary
from formation_operator.rollout.rollout import Content, Rollout


@dataclasses.dataclass(frozen=True)
class Desired:
    """What is to be: a content, and what it is rendered with."""

    rollout: Rollout
    counts: Mapping[str, Replicas]
    """The count of each type of the content."""
    suspended: Mapping[str, bool]
    """Whether each schedule of the content begins no run; if it isn't known, each that has a CronJob."""
    budgets: Budgets
    """The disruption budgets of its types."""
    autoscaled: Mapping[str, Autoscaling]
    """The bounds of each type that is to have an autoscaler now."""
    others: Deciding
    """The autoscalers of its types' Deployments that we don't make."""
    canaries: Mapping[str, int]
    """By type that has a canary of the declared content: how many processes that has, one or none."""
    undecided: Sequence[Problem] = ()
    """Why a count or a disruption budget of a type stays as it is."""

    @property
    def content(self) -> Content:
        """The content that is rendered."""
        return self.rollout.content


def desired(snapshot: Snapshot, rollout: Rollout, undecided: Sequence[Problem], budgets: Budgets) -> Desired:
    """Return what is to be after a rollout has gone so far.

    ``undecided`` says why a type's count stays as it is.
    """
    others = autoscaling.of_others(snapshot)
    counted = counts(snapshot, rollout, [problem.process_type for problem in undecided])
    return Desired(
        rollout=rollout,
        counts=counted,
        suspended=_suspended(snapshot, rollout, counted),
        budgets=budgets,
        autoscaled=autoscaling.autoscaled(snapshot, counted, others),
        others=others,
        canaries={name: _of_canary(snapshot, name) for name in rollout.canaries},
        undecided=[*undecided, *budgets.problems],
    )


def counts(snapshot: Snapshot, rollout: Rollout, undecided: Collection[str] = ()) -> dict[str, Replicas]:
    """Return the count of each type that is rendered.

    Where it isn't known what is to run, that is each type that has a Deployment. A type that the Formation
    doesn't declare counts as one whose count is omitted.
    """
    spec, own, found = snapshot.spec, snapshot.deployments, dict[str, Replicas]()
    content = rollout.content
    names: Iterable[str] = content.spec.processes
    if not content.is_known:  # a canary is no type, but a stop has to reach it whatever it tries
        tried = rollout.canaries if spec.suspend else spec.processes
        canaries = {*map(naming.canary, tried)} - spec.processes.keys()
        names = [name for name, child in own.items() if not (child.is_canary and name in canaries)]
    for name in names:
        child = own.get(name)
        if child is not None and name in undecided:
            alone = singletons.is_alone(_type(content.spec, name), child, content.mark)
            count = count_owner.undecided(child, suspended=bool(spec.suspend))
            found[name] = dataclasses.replace(count, alone=alone)
            continue
        found[name] = _count(snapshot, rollout, name, child)
    return found


def _count(snapshot: Snapshot, rollout: Rollout, name: str, child: Child | None) -> Replicas:
    """Return the count of a type, given its own Deployment.

    While the declared content isn't released, a type that is suspended stays so.
    """
    content, spec, before = rollout.content, snapshot.spec, snapshot.status.process(name)
    rendered = _type(content.spec, name)
    alone = singletons.is_alone(rendered, child, content.mark)
    suspended = bool(spec.suspend) or (rollout.is_unreleased and count_owner.is_down(child, before))
    process = singletons.counted(_type(spec, name), rendered, child, alone=alone)
    if autoscalers.of_formation(snapshot.deciding, snapshot.owner.name, name):
        process = process.model_copy(update={"autoscaling": None})  # its own isn't made
    autoscaler = autoscalers.of_child(snapshot.deciding, naming.child(snapshot.owner.name, name))
    count = count_owner.decide(process, child, autoscaler, before, suspended=suspended)
    return dataclasses.replace(count, alone=alone)


def _of_canary(snapshot: Snapshot, name: str) -> int:
    """Return how many processes the canary of a type has, one or none."""
    return 0 if snapshot.spec.suspend else min(1, canary.count(snapshot, name))


def _type(spec: FormationSpec, name: str) -> ProcessType:
    """Return a type of a spec; one that isn't declared says nothing of itself."""
    return spec.processes.get(name) or ProcessType()


def _suspended(snapshot: Snapshot, rollout: Rollout, counted: Mapping[str, Replicas]) -> dict[str, bool]:
    """Return whether each schedule begins no run: what is declared today decides that.

    One that isn't declared any more begins runs until a content without it is rolled out. Until the declared
    content is released, what was stopped stays so; where the content isn't known, no CronJob begins again.
    """
    spec, content = snapshot.spec, rollout.content
    stopped = any(each.suspended for each in counted.values())
    stays = rollout.is_unreleased and (stopped or not any(each.desired for each in counted.values()))
    found = dict[str, bool]()
    for name in content.spec.schedules or () if content.is_known else _scheduled(snapshot):
        child = snapshot.children.get((ChildKind.CRON_JOB, naming.child(snapshot.owner.name, name)))
        # Where no type has processes to come back to, the CronJobs alone show that all was stopped.
        is_down = child.runs.suspended if child is not None else stopped
        found[name] = spec.suspends(name) or (is_down and (stays or not content.is_known))
    return found


def _scheduled(snapshot: Snapshot) -> list[str]:
    """Return the schedules that have a CronJob."""
    names = (name for kind, name in snapshot.children if kind is ChildKind.CRON_JOB)
    return [naming.type_of(snapshot.owner.name, name) for name in names]
