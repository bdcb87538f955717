"""The state of one pass, and what it begins with."""

import dataclasses
from collections.abc import Collection, Sequence

from formation_operator.api import formation_status
from formation_operator.api.formation import Formation
from formation_operator.controller.memory import Memory
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe.cache import Basis, Cache
from formation_operator.observe.faults import Faults
from formation_operator.release import gate
from formation_operator.release.asked import Asked
from formation_operator.render.desired import Intent
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
    intents: dict[str, Sequence[Intent]] = dataclasses.field(default_factory=dict)
    """What is wanted of each type and schedule that was planned, without the manifests."""
    outcomes: list[Outcome] = dataclasses.field(default_factory=list)


def asked(pass_: Pass, formation: Formation, cache: Cache, now: float) -> Asked:
    """Return what decides which content is rendered."""
    return Asked(
        raw=pass_.basis.formation,
        formation=formation,
        before=formation_status.read(pass_.basis.formation["status"]),
        jobs=gate.in_order(cache.jobs_of(pass_.key), pass_.basis.uid),
        children=pass_.basis.children,
        noted=pass_.memory.releases,
        faults=pass_.faults,
        known=cache,
        now=now,
    )
