"""Write scale requests on children through to their Formation, as `scale_requests` judges them."""

import dataclasses
import logging

from formation_operator.api import naming
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, first_objects
from formation_operator.observe import autoscalers
from formation_operator.observe.cache import Cache, Changed
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas import scale_requests
from formation_operator.replicas.scale_requests import Answer
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
# Why a count is neither written through nor set back for now.
UNLISTED = (
    "the count of Deployment {name} was set to {count}, and stays as it is, because autoscalers can't be "
    "listed, and one might have set it"
)
UNWRITABLE = "Deployment {name} was scaled to {count}, and stays so, because the Formation can't be written"
PAGES_OF_AUTOSCALERS = 20
"""How many pages of a namespace's autoscalers of a kind are too many: ten thousand, if they are small."""
CHANGED = "the Formation was changed just now"

Answers = dict[str, Answer]
"""By process type: how a count was judged, until its Deployment is written."""


@dataclasses.dataclass
class Requests:
    """Finds scale requests on the children of a Formation in one pass, and writes their counts to it."""

    cluster: Cluster
    cache: Cache
    settings: Settings
    """They say which changes of a count are requests."""
    snapshot: Snapshot
    answers: Answers
    """Of earlier passes; they are updated."""
    changed: Changed
    """It is called with what has changed in the cache."""
    notices: list[Notice] = dataclasses.field(default_factory=list)
    undecided: list[Problem] = dataclasses.field(default_factory=list)
    """The types whose count can't be judged now, and stays as it is."""

    def __post_init__(self) -> None:
        """Begin with the Formation as it is; each count that is written to it makes another generation."""
        self._generation = self.snapshot.owner.generation

    async def honour(self) -> bool:
        """Write scale requests on the children to the Formation; return whether it has looked for any."""
        spec = self.snapshot.spec
        for name, answer in [*self.answers.items()]:
            child = self.snapshot.deployment(name)
            if child is None or child.uid != answer.uid or child.owns_count:  # it was written since then
                del self.answers[name]
        if not spec.suspend:
            self._answer_autoscaled()
        if spec.paused or not self._scaled_by_others():
            return False
        unlisted = await self._look_for_autoscalers(self.snapshot.owner.namespace)
        # One that has just been made decides about the count.
        for name, child in self._scaled_by_others().items():
            if unlisted is None:
                await self._judge(name, child)
            else:
                self.undecided.append(undecided(name, child, UNLISTED, unlisted))
        return True

    def _answer_autoscaled(self) -> None:
        """Say once of a count that a client set, and an autoscaler of ours sets, what to change instead."""
        for name, process in self.snapshot.spec.processes.items():
            child = self.snapshot.deployment(name)
            if process.autoscaling is None or child is None or child.owns_count:
                continue
            self.notices += scale_requests.unused(self.snapshot, name, process, child, self.answers.get(name))
            self.answers[name] = Answer(child.uid, child.replicas, process.replicas)

    async def _judge(self, name: str, child: Child) -> None:
        """Judge the count of one Deployment, and write it to the Formation if it is a request.

        If it can't be written, it stays on the Deployment, and is judged again.
        """
        answer, declared = self.answers.get(name), self.snapshot.spec.processes[name].replicas
        why = scale_requests.judge(self.snapshot, name, child, answer, self.settings)
        try:
            why = await self._write_through(name, child.replicas) if why == "" else why
        except errors.ClusterError as error:
            # Perhaps only the answer was lost, to this write or to an earlier one.
            sent = {child.replicas, *(answer.sent if answer else ())}
            self.answers[name] = Answer(child.uid, None, declared, frozenset(sent))
            self.undecided.append(undecided(name, child, UNWRITABLE, error))
            return
        self.answers[name] = Answer(child.uid, child.replicas, child.replicas if why == "" else declared)
        if why is not None:
            self.notices.append(scale_requests.notice(self.snapshot, name, child, why))

    def _scaled_by_others(self) -> dict[str, Child]:
        """Return the Deployments whose count another client set that is no known autoscaler."""
        deployments = {
            name: child
            for name, process in self.snapshot.spec.processes.items()
            if process.replicas is not None
            and process.autoscaling is None
            and (child := self.snapshot.deployment(name)) is not None
            and not child.owns_count
        }
        targets = [child.name for child in deployments.values()]
        found = self.cache.autoscalers_of(self.snapshot.owner.namespace, targets) if targets else ()
        scalers = autoscalers.deciding(found) if found else {}
        return {
            name: each for name, each in deployments.items() if not autoscalers.of_child(scalers, each.name)
        }

    async def _look_for_autoscalers(self, namespace: str) -> errors.ClusterError | None:
        """List a namespace's autoscalers: one may have acted before the watch brings it.

        Returns the error if some can't be listed.
        """
        unlisted = None
        for kind in kinds.AUTOSCALERS:
            try:
                pages = (page async for page, _ in self.cluster.pages(kinds.BY_NAME[kind], namespace))
                async for raw in first_objects(pages, PAGES_OF_AUTOSCALERS, whole=True):
                    self.changed(self.cache.see(kind, raw))
            except errors.ClusterError as error:
                if kinds.BY_NAME[kind].optional and isinstance(error, errors.NotFoundError):
                    continue  # it isn't installed
                logger.warning("%s in %s can't be listed: %s", kind, namespace, error)
                unlisted = error
        return unlisted

    async def _write_through(self, process_type: str, count: int) -> str:
        """Write a count to the Formation; return why the API server refuses it, if it does.

        Raises `ClusterError` if the reason isn't the count itself: `ConflictError` at a later generation.
        """
        owner = self.snapshot.owner
        operations = scale_requests.patch(self.snapshot, process_type, count, self._generation)
        try:
            written = await self.cluster.patch(naming.KIND, owner.namespace, owner.name, operations)
        except errors.RefusedError as error:
            if errors.is_late(error):
                raise errors.ConflictError(CHANGED) from error
            if not errors.is_verdict(error):
                raise
            return f"the API server refuses that count ({error})"
        self.changed(self.cache.see(naming.KIND, written))
        self._generation = lenient.number(written["metadata"], "generation")
        return ""


def undecided(process_type: str, child: Child, why: str, error: errors.ClusterError) -> Problem:
    """Return the problem of a count that is neither written through nor set back for now."""
    message = f"{why.format(name=child.name, count=child.replicas)}: {error}"
    return Problem(process_type, Trouble.COUNT_UNDECIDED, message, lasting=error.is_lasting)
