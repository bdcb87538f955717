"""The pure steps of a pass beside its plan: what is asked about a release, and the report.

An unexpected error in a step concerns one type; the others go on.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator

from formation_operator.api import formation_status
from formation_operator.api.formation import Formation, FormationSpec
from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import Trouble
from formation_operator.controller.passes import Pass
from formation_operator.controller.wanted import Wanted
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Faults, Problem
from formation_operator.release.asked import Asked, Chosen, Content
from formation_operator.replicas import scale_requests
from formation_operator.requeue import Lane, Retry
from formation_operator.status import compute
from formation_operator.status.compute import Status
from formation_operator.status.observation import Seen
from formation_operator.sync.outcome import Outcome

STAYS = "all but its count stays as it is"
UNKNOWN = f"{STAYS} until the release is done: what runs isn't kept as a revision"
GONE = (
    "its Deployment is gone, and what ran isn't kept as a revision: it is made again once the release is "
    "done, or by going back (kubectl formation rollback {} --to ...)"
)
DOWN = (
    "it stays at zero until what the spec asks for is released; to run what was released before at once: "
    "kubectl formation rollback {}"
)


def content_of(formation: Formation) -> Content:
    """Return what the Formation's spec says now: a pass renders it unless its release has to come first."""
    return Content(formation.spec, formation.metadata.generation)


def asked(this: Pass, formation: Formation, known: Cache, now: float) -> Asked:
    """Return what decides which content is rendered."""
    spec = formation.spec
    return Asked(
        raw=this.basis.formation,
        formation=formation,
        content=content_of(formation),
        before=formation_status.read(this.basis.formation["status"], spec.processes, spec.schedules or ()),
        jobs=known.jobs_of(this.key),
        children=this.basis.children,
        noted=this.memory.releases,
        faults=this.faults,
        known_jobs=lambda: known.job_uids(this.key),
        forbidden=known.is_forbidden(kinds.JOB, this.key[0]),
        now=now,
    )


def of_both(this: Asked, content: FormationSpec) -> Asked:
    """Return the same with the status of the types and schedules of the content that is rendered, too."""
    spec, schedules = this.formation.spec, content.schedules or {}
    if spec is content:
        return this
    types = {**spec.processes, **content.processes}
    before = formation_status.read(this.raw["status"], types, {**(spec.schedules or {}), **schedules})
    return this._replace(before=before)


def report(seen: Seen, previous: FormationStatus, now: str, faults: Faults) -> Status:
    """Return the status; a type or schedule whose status can't be computed is reported with that only."""
    with contextlib.suppress(Exception):  # the loop finds the type, and logs its error
        return compute.compute(seen, previous, now)
    for name, count in seen.counts.items():
        with faults.confined_to(name):
            compute.compute(dataclasses.replace(seen, counts={name: count}, schedules={}), previous, now)
    for name, schedule in seen.schedules.items():
        with faults.confined_to(name):
            compute.compute(dataclasses.replace(seen, counts={}, schedules={name: schedule}), previous, now)
    return compute.compute(seen.without(faults.problems), previous, now)


def problems(this: Pass, wanted: Wanted, chosen: Chosen) -> list[Problem]:
    """Return what keeps each type from being as declared, from parsing to writing.

    An autoscaler that may start processes of a suspended type is a problem even before it does so.
    """
    unwritten = [
        Problem(outcome.action.process_type, outcome.trouble, outcome.problem, lasting=outcome.lasting)
        for outcome in this.outcomes
        if outcome.problem
    ]
    restless = scale_requests.restless(wanted.formation.spec, wanted.counts).items()
    unheld = [Problem(name, Trouble.CAN_NOT_SUSPEND, why) for name, why in restless]
    found = (
        *chosen.problems,
        *this.failed,
        *this.faults.problems.values(),
        *unwritten,
        *wanted.undecided,
        *unheld,
    )
    found = (*found, *_unreleased(wanted, chosen, is_first=this.memory.releases.released is None))
    return [*dict.fromkeys(found)]


def _unreleased(wanted: Wanted, chosen: Chosen, *, is_first: bool) -> Iterator[Problem]:
    """Yield what is said of the types that aren't as declared because their content isn't released.

    Without a situation it isn't known whether what runs is kept: the problems of the choice say why.
    """
    formation, content = wanted.formation, wanted.content
    down = [name for name, each in wanted.counts.items() if each.suspended and not formation.spec.suspend]
    for name in wanted.counts:
        if name in down:
            text = DOWN.format(formation.metadata.name)
            yield Problem(name, Trouble.WAITING, text, lasting=False)
        elif not content.known:
            yield Problem(name, Trouble.WAITING, UNKNOWN if chosen.situation else STAYS, lasting=False)
    gone = (
        ()
        if content.known or is_first or not chosen.situation
        else formation.spec.processes.keys() - wanted.counts
    )
    for name in sorted(gone):
        yield Problem(name, Trouble.WAITING, GONE.format(formation.metadata.name), lasting=False)


def retry(undecided: Iterable[Problem], outcomes: Iterable[Outcome]) -> Retry:
    """Return how a pass has to be tried again; what may pass by itself comes before what lasts."""
    lasting = [problem.lasting for problem in undecided]
    lasting += [outcome.lasting for outcome in outcomes if outcome.problem or outcome.again]
    if not lasting:
        return Retry.NONE
    return Retry.LASTING if all(lasting) else Retry.PASSING


def commands(content: FormationSpec) -> dict[str, list[str]]:
    """Return the command of each type that has one; otherwise the image decides."""
    types = content.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}


def others(this: Pass, known: Cache) -> dict[Key, Lane]:
    """Return the passes that are wanted because of what this one has put into the cache."""
    found: dict[Key, Lane] = {}
    for kind, change in this.changes:
        for key, lane in known.concerned(kind, change).items():
            if key != this.key or not this.basis.will_compare(change):
                found[key] = min(lane, found.get(key, lane))
    return found
