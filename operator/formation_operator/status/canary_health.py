"""How the canaries of a content are, by the same rules as processes of a type: pure.

A canary that has failed may still come to stand, as when what it lacked is there: Kubernetes goes on trying.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from formation_operator.api import naming
from formation_operator.api.formation_status import CanaryStatus
from formation_operator.api.reasons import CanaryState, Reason, State, Trouble
from formation_operator.diagnose.finding import Finding
from formation_operator.kube.objects import lenient
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render.intents import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import type_health
from formation_operator.status.type_health import Health

NO_PLACE = (Reason.UNSCHEDULABLE, Reason.REPLICA_FAILURE)
ROOM = "it needs room for one process more than the count"
AT_ZERO = "its count is 0: its canary starts once the count is 1 or more"


class Canaries(NamedTuple):
    """The canaries of a pass, by the type or by the name that stands for its canary."""

    counts: Mapping[str, int]
    """By type."""
    deployments: Mapping[str, Child]
    intents: Mapping[str, Sequence[Intent]]
    findings: Mapping[str, Sequence[Finding]]


def health(
    snapshot: Snapshot, canaries: Canaries, problems: Sequence[Problem], now: str
) -> tuple[CanaryStatus | None, Sequence[Problem]]:
    """Return the status of the canaries, and why the Formation isn't as declared; ``now`` is in RFC 3339.

    ``problems`` are those without the canaries.
    """
    before, spec = snapshot.status.canary, snapshot.spec
    if spec.paused:
        return before, problems
    if not canaries.counts or spec.canary is None:
        return None, problems
    names = {*map(naming.canary, canaries.counts)}
    own = {each.process_type: each for each in problems if each.process_type in names}
    each = {name: _health(canaries, name, own) for name in sorted(canaries.counts)}
    failed = {name: one for name, one in each.items() if one.lasting or one.state is State.CRASHING}
    state, reason = CanaryState.TRYING, str(Trouble.CANARY_TRYING)
    shown = failed or {name: one for name, one in each.items() if not one.complete}
    text = "; ".join(f"{name}: {_why(one)}" for name, one in shown.items())
    if failed:
        state, reason = CanaryState.FAILED, Trouble.CANARY_FAILED
        text = f"{text}; nothing else has changed{_waiting(each, failed)}. Correct it and deploy again, or "
        text += f"go back (kubectl formation rollback {snapshot.owner.name})"
    else:
        seconds = spec.canary.seconds
        text = f"one new process of each changed type has to stay ready for {seconds} s: {text}".rstrip(": ")
        reason = next((one.reason for one in shown.values() if one.reason != Reason.PROGRESSING), reason)
    since = before.since if before is not None and before.state == state else now
    status = CanaryStatus(state=state, since=since, message=lenient.shown(text, lenient.LONGEST_SENTENCE))
    others = [problem for problem in problems if problem not in own.values()]
    return status, [Problem("", reason, text, lasting=bool(failed)), *others]


def _health(canaries: Canaries, name: str, problems: Mapping[str, Problem]) -> Health:
    own, count = naming.canary(name), canaries.counts[name]
    if problem := problems.get(own):
        reason, message, lasting = problem.reason, problem.message, problem.lasting
        return Health(State.STARTING, complete=False, reason=reason, message=message, lasting=lasting)
    if not count:
        return Health(State.IDLE, complete=False, reason=Reason.PROGRESSING, message=AT_ZERO)
    child, intent = canaries.deployments.get(own), next(iter(canaries.intents.get(own, ())), None)
    is_written = child is not None and intent is not None and child.digest == intent.digest
    wanted = Replicas(desired=count, rendered=count, remembered=count)
    return type_health.health(wanted, child if is_written else None, canaries.findings.get(own, ()))


def _why(own: Health) -> str:
    return f"{own.message}: {ROOM}" if own.reason in NO_PLACE else own.message


def _waiting(each: Mapping[str, Health], failed: Mapping[str, Health]) -> str:
    others = sorted(each.keys() - failed.keys())
    wait = "waits" if len(others) == 1 else "wait"
    return f"; {' and '.join(others)} {wait} with one new process" if others else ""
