"""The state of one pass."""

import dataclasses
from collections.abc import Collection, Sequence

from formation_operator.controller.memory import Memory
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe.cache import Basis
from formation_operator.observe.faults import Faults, Problem
from formation_operator.render.intents import Intent
from formation_operator.sync.outcome import Outcome


@dataclasses.dataclass
class Pass:
    """One pass: its Formation, what it decides from, and what has come of it so far."""

    key: Key
    basis: Basis
    memory: Memory
    faults: Faults
    busy: Collection[str] = ()
    """The uids of the CronJobs of which a run may go on."""
    unplaced: Collection[str] = ()
    """The types of which no node takes a process."""
    intents: dict[str, Sequence[Intent]] = dataclasses.field(default_factory=dict)
    """The intents of each type and schedule that was planned, without the manifests."""
    outcomes: list[Outcome] = dataclasses.field(default_factory=list)

    @property
    def deployments(self) -> dict[str, Intent]:
        """The intents of Deployments, by the name of a type or by what stands for its canary."""
        found = (each for own in self.intents.values() for each in own if each.kind.traits.runs_processes)
        return {each.process_type: each for each in found}

    @property
    def problems(self) -> list[Problem]:
        """What couldn't be rendered, decided or written."""
        return [*self.faults.problems.values(), *(each.problem for each in self.outcomes if each.problem)]
