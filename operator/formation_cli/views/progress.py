"""How far a change has come: done, failed for a reason, or under way.

Whether a type fails is what its status says, once that is about the change.  A restart changes no Formation,
and the status may still be about the processes before: there the newer processes tell.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping

from formation_cli.objects import Object
from formation_cli.views import formations, releases, trouble, versions
from formation_cli.views.processes import STOPPING, Process
from formation_cli.views.table import Cell, Table, state
from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType, State
from formation_operator.kube.objects import lenient, timestamps

COLUMNS = ("TYPE", "READY", "UPDATED", "STATE", "MESSAGE")
BEFORE = "the version before: "
"""What a type's message is about while a release or canaries hold the declared version up."""


@dataclasses.dataclass(frozen=True)
class Awaited:
    """What is waited for."""

    generation: int
    """The Formation's, of which it is to be ready, or of a later one that is declared meanwhile."""
    since: float
    """When the change was made, by the API server's clock."""
    types: tuple[str, ...] = ()
    """The process types that count; empty for all."""
    deployments: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The generation of each Deployment, by name, whose rollout is to be over."""
    stopped: bool = False
    """Whether no process is to be left."""
    deployed: bool = False
    """Whether types are to run what is declared now: else the counts are enough of those that are named, and
    of all while canaries are tried.
    """
    retried: frozenset[str] = frozenset()
    """The Pods of canaries that were deleted for a new try: until that is over the status has their failure.
    """

    until_ended: bool = False
    """Whether a process that was asked to end has to have ended."""

    @property
    def is_counts_alone(self) -> bool:
        """Whether no release is waited for: none holds up a count, a restart or a stop."""
        return self.stopped or bool(self.deployments) or (bool(self.types) and not self.deployed)

    def is_gated(self, formation: Object) -> bool:
        """Tell whether a release or canaries have to come first."""
        if self.is_counts_alone or formations.is_stopped(formation):
            return False
        return releases.is_gated(formation) or (self.deployed and bool(releases.canary(formation)))

    def statuses(self, formation: Object) -> dict[str, Object]:
        """Return the status of each type that counts and that there is."""
        known = lenient.mapping(formation, "status", "processes")
        declared = sorted(lenient.mapping(formation, "spec", "processes"))
        counts = self.types or (known if releases.canary(formation) else declared)
        return {name: lenient.mapping(known, name) for name in declared if name in counts}


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far it has come."""

    done: bool
    failure: str
    """Why waiting won't help; empty if it may."""
    sentence: str
    """How it is, for whoever waits."""
    table: Table


def progress(
    awaited: Awaited,
    formation: Object,
    found: Iterable[Process],
    deployments: Iterable[Object],
    releasing: Iterable[Object] = (),
) -> Progress:
    """Return how far a change has come, from what there is; ``releasing`` are the Pods of its release."""
    if awaited.retried:
        formation = releases.on_trial(formation)
    found, types = [*found], awaited.statuses(formation)
    generation = max(awaited.generation, formation["metadata"]["generation"])
    seen = lenient.number(lenient.mapping(formation, "status"), "observedGeneration") >= generation
    unfinished = trouble.open_ones(types) if seen else {}
    gated = awaited.is_gated(formation)
    if awaited.deployments:
        done, failure = _rolled_out(awaited.deployments, deployments), _failed(awaited, found)
    elif gated:
        done, failure, unfinished = False, trouble.of_gate(formation), {}
        if awaited.retried:
            failure, unfinished = failure or _failed(awaited, found), {naming.CANARY: releases.RETRIED}
    else:
        failure = trouble.lasting(formation, types) if seen else ""
        named = bool(awaited.types or releases.canary(formation)) and not (unfinished or failure)
        left = awaited.stopped and any(each.process for each in found)
        ready = formations.is_true(formation, ConditionType.READY) or formations.is_stopped(formation)
        done = seen and (named or ready or (awaited.stopped and releases.is_gated(formation))) and not left
    if done and awaited.until_ended:
        stopping = {each.type for each in found if each.state == STOPPING}
        ending = sorted(stopping & {*awaited.types} if awaited.types else stopping)
        done, unfinished = not ending, dict.fromkeys(ending, "an old process hasn't ended yet")
    sentence = _sentence(formation, [] if awaited.stopped else [*types], unfinished, done=done)
    above = [releases.row(formation, releasing)] if gated else []
    shown = table(types, above, seen=seen, gated=gated)
    return Progress(done, failure, sentence, trouble.without(failure, shown))


def unseen(sentence: str) -> Progress:
    """Return how far it is while what is waited for isn't declared yet."""
    row = Cell("-"), Cell("-"), Cell("-"), state("Waiting"), Cell(sentence)
    return Progress(done=False, failure="", sentence=f"{sentence}.", table=Table(COLUMNS, [row]))


def _sentence(formation: Object, types: list[str], unfinished: Mapping[str, str], *, done: bool) -> str:
    """Return how it is: by the types that count, where others keep the Formation from being ready."""
    name = formation["metadata"]["name"]
    if done and not (formations.is_true(formation, ConditionType.READY) or formations.is_stopped(formation)):
        if not types:
            return f"{name}: no process is left"
        waits = releases.is_gated(formation) or releases.canary(formation)
        how = "with the wanted count; the declared version isn't rolled out yet" if waits else "as declared"
        return f"{name}: {', '.join(types)} {'runs' if len(types) == 1 else 'run'} {how}"
    if unfinished and not done:
        return f"{name} isn't ready: {trouble.causes(unfinished)}"
    return formations.sentence(formation)


def written_at(formation: Object, manager: str) -> float:
    """Return when a manager wrote an object last, by the API server's clock; 0 if it never did.

    It counts in whole seconds, as a Pod's creation time does.
    """
    entries = lenient.items(formation["metadata"], "managedFields")
    times = (
        timestamps.epoch(lenient.text(each, "time")) for each in entries if each.get("manager") == manager
    )
    return max(filter(None, times), default=0.0)


def _failed(awaited: Awaited, found: Iterable[Process]) -> str:
    """Return why processes that were started anew don't run: those of canaries, if these are retried."""
    if awaited.retried:
        new = (each for each in found if each.type != each.declared and each.process not in awaited.retried)
    else:
        new = (each for each in found if each.type in awaited.types and each.created >= awaited.since)
    broken = (each for each in new if trouble.is_broken(each.state, each.reason))
    return trouble.causes({each.type: each.message or each.reason for each in broken})


def _rolled_out(generations: Mapping[str, int], deployments: Iterable[Object]) -> bool:
    """Tell whether Deployments have replaced all their Pods."""
    known = {each["metadata"]["name"]: each for each in deployments}
    return all(
        name not in known or _is_rolled_out(known[name], generation)
        for name, generation in generations.items()
    )


def _is_rolled_out(deployment: Object, generation: int) -> bool:
    """Tell whether all Pods of a Deployment are of its latest template, and available.

    Source: ``kubectl rollout status``, in k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go.
    """
    status, wanted = lenient.mapping(deployment, "status"), lenient.number(deployment["spec"], "replicas")
    counts = [lenient.number(status, key) for key in ("updatedReplicas", "replicas", "availableReplicas")]
    return lenient.number(status, "observedGeneration") >= generation and counts == [wanted] * len(counts)


def table(
    types: Mapping[str, Object], above: Iterable[tuple[Cell, ...]] = (), *, seen: bool, gated: bool = False
) -> Table:
    """Return how far each type has come, and ``above`` them what has to come first: until then all is old."""
    rows = (_row(name, status, seen=seen, gated=gated) for name, status in types.items())
    return Table(COLUMNS, [*above, *rows])


def _row(name: str, status: Object, *, seen: bool, gated: bool) -> tuple[Cell, ...]:
    wanted, message = lenient.number(status, "desiredReplicas"), lenient.text(status, "message")
    updated = 0 if gated else lenient.number(status, "updatedReplicas")
    return (
        Cell(name, "bold"),
        Cell(f"{lenient.number(status, 'readyReplicas')}/{wanted}" if seen else "-"),
        Cell(f"{updated}/{wanted}" if seen else "-"),
        state(lenient.text(status, "state") if seen else "Waiting"),
        Cell(f"{BEFORE * gated}{message}" if seen and message else "-"),
    )


def still_serving(found: Iterable[Process]) -> str:
    """Return which processes of the version before go on serving, in a sentence; nothing where none does."""
    serving = [
        each for each in found if each.ready and each.type == each.declared and each.state == State.RUNNING
    ]
    counts = Counter((each.type, each.version) for each in serving)
    if all(each.version != versions.OLD for each in serving):
        return ""
    if all(each.version == versions.OLD for each in serving):
        listed = " ".join(f"{name}={count}" for (name, _), count in sorted(counts.items()))
        return f"Old processes keep running: {listed}."
    listed = ", ".join(f"{name}={count} {version}" for (name, version), count in sorted(counts.items()))
    return f"Processes of two versions run: {listed}."
