"""Write scale requests on children through to their Formation, as `scale_requests` judges them."""

import dataclasses
import logging
from collections.abc import Iterable
from typing import Any

from formation_operator.api import formation_status, naming
from formation_operator.api.formation import Formation, Metadata
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.objects.kinds import Kind
from formation_operator.kube.port import Cluster
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.cache import Cache, Changes
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.observe.faults import Problem
from formation_operator.replicas import count_owner, scale_requests
from formation_operator.replicas.scale_requests import Answer, Request, Scaled, Unanswered

logger = logging.getLogger(__name__)
# Why a count is neither written through nor set back for now.
UNLISTED = (
    "the count of Deployment {name} was set to {count}, maybe by an autoscaler, "
    "so it stays as it is: autoscalers can't be listed"
)
UNWRITABLE = "Deployment {name} was scaled to {count}, which stays so: the Formation can't be written"
MOST_PAGES = 20
"""How many pages of a namespace's objects of a kind are read: ten thousand objects, if they are small."""
CHANGED = "the Formation was changed just now"

Answers = dict[str, Answer]
"""By process type: how a count was judged, until its Deployment is written."""


@dataclasses.dataclass
class Judged:
    """The result of judging the children of a Formation."""

    answers: Answers
    generation: int
    """The Formation's generation after the last count that was written to it."""
    changes: Changes
    """What changed in the cache meanwhile."""
    notices: list[Notice] = dataclasses.field(default_factory=list)
    undecided: list[Problem] = dataclasses.field(default_factory=list)
    """The types whose count can't be judged now, and stays as it is."""
    error: errors.ClusterError | None = None
    """Why the others weren't judged: `ConflictError` if the cache's Formation is out of date."""


class Requests:
    """Finds scale requests on the children of a Formation, and writes their counts to it."""

    def __init__(self, cluster: Cluster, known: Cache, policy: scale_requests.Policy) -> None:
        """Take the port to the cluster, the cache, and which changes of a count are requests."""
        self._cluster = cluster
        self._cache = known
        self._policy = policy

    async def honour(
        self,
        formation: Formation,
        said: dict[str, Any],
        children: Children,
        answers: Answers,
        changes: Changes,
    ) -> Judged:
        """Write scale requests on the children of a Formation to it; ``said`` is its status.

        ``answers`` of earlier passes are updated. Changes of the cache are added to ``changes``.
        """
        about = formation.metadata
        kept, found = unwritten(answers, formation, children), self._scaled(formation, children)
        answers.clear()
        answers.update(kept)
        judged = Judged(answers, about.generation, changes)
        if formation.spec.paused or not found:
            return judged
        unlisted = await self._look_for_autoscalers(about.namespace, changes)
        known = self._autoscalers(about.namespace, found.values())
        status = formation_status.read(said, found)
        for name, child in found.items():
            autoscaler = autoscalers.of_child(known, child.name)
            if autoscaler is None and unlisted is not None:
                judged.undecided.append(undecided(name, child, UNLISTED, unlisted))
                continue
            before = count_owner.reported(status, name, about.generation)
            try:
                await self._judge(
                    formation, Scaled(name, child, autoscaler, before, answers.get(name)), judged
                )
            except errors.ClusterError as error:
                judged.error = error
                break
        return judged

    async def _judge(self, formation: Formation, scaled: Scaled, judged: Judged) -> None:
        """Judge the count of one Deployment, and write it to the Formation if it is a request."""
        name, child, answer = scaled.process_type, scaled.child, scaled.answer
        count = formation.spec.processes[name].replicas
        verdict = scale_requests.judge(formation.spec, scaled, self._policy)
        is_unsure = answer is not None and answer.unanswered is not None
        if is_unsure or isinstance(verdict, Request):
            await self._check_current(formation.metadata, judged.generation, read=is_unsure)
        if isinstance(verdict, Request):
            # The watch may bring the patched Formation before the answer comes.
            sent = Unanswered(judged.generation, child.replicas)
            judged.answers[name] = Answer(child.uid, None, count, sent)
            try:
                verdict, count = await self._write_through(formation.metadata, verdict, judged)
            except errors.RefusedError as error:
                # If an earlier one is still unanswered, its late arrival may be why this one is refused.
                earlier = answer.unanswered if answer is not None else None
                judged.answers[name] = Answer(child.uid, None, count, earlier)
                if errors.is_late(error):
                    # Otherwise the child would be set to a count that the Formation doesn't have any more.
                    raise errors.ConflictError(CHANGED) from error
                judged.undecided.append(undecided(name, child, UNWRITABLE, error))
                return
        judged.answers[name] = Answer(child.uid, child.replicas, count)
        if verdict is not None:
            judged.notices.append(verdict)

    async def _check_current(self, about: Metadata, generation: int, *, read: bool) -> None:
        """Raise `ConflictError` if a Formation has a later generation.

        With ``read`` it is read from the API server: an unanswered patch may be in it, and the watch may be
        late.
        """
        live = await self._cluster.get(naming.KIND, about.namespace, about.name) if read else None
        for raw in filter(None, (live, self._cache.formations.get((about.namespace, about.name)))):
            if lenient.number(raw["metadata"], "generation") > generation:
                raise errors.ConflictError(CHANGED)

    def _scaled(self, formation: Formation, children: Children) -> dict[str, Child]:
        """Return the Deployments whose count another client set that is no known autoscaler."""
        about = formation.metadata
        found = {
            name: deployment_of(children, about.name, name)
            for name, process in formation.spec.processes.items()
            if process.replicas is not None
        }
        known = self._autoscalers(about.namespace, filter(None, found.values()))
        return {
            name: child
            for name, child in found.items()
            if child is not None
            and not child.owns_count
            and child.is_owned_by(about.uid)
            and autoscalers.of_child(known, child.name) is None
        }

    def _autoscalers(self, namespace: str, deployments: Iterable[Child]) -> Deciding:
        return autoscalers.deciding(
            self._cache.autoscalers_of(namespace, [child.name for child in deployments])
        )

    async def _look_for_autoscalers(self, namespace: str, changes: Changes) -> errors.ClusterError | None:
        """List a namespace's autoscalers: one may have acted before the watch brings it.

        Returns the error if some can't be listed.
        """
        unlisted = None
        for kind in kinds.AUTOSCALERS:
            try:
                await look_at(self._cluster, self._cache, kinds.BY_NAME[kind], namespace, changes)
            except errors.ClusterError as error:
                if kinds.BY_NAME[kind].optional and isinstance(error, errors.NotFoundError):
                    continue  # it isn't installed
                logger.warning("%s in %s can't be listed: %s", kind, namespace, error)
                unlisted = error
        return unlisted

    async def _write_through(self, about: Metadata, request: Request, judged: Judged) -> tuple[Notice, int]:
        """Write a count to a Formation; return the Event about that, and the Formation's count then.

        Raises `RefusedError` if the reason isn't the count itself, such as a later generation.
        """
        operations = request.patch(about.uid, judged.generation)
        try:
            written = await self._cluster.patch(naming.KIND, about.namespace, about.name, operations)
        except errors.RefusedError as error:
            if not errors.is_verdict(error):
                raise
            return request.overruled(f"the Formation refuses it ({error})"), request.declared
        judged.changes += self._cache.see(naming.KIND, written)
        resolve(judged.answers, written)
        judged.generation = lenient.number(written["metadata"], "generation")
        return request.honoured(), request.wanted


async def look_at(cluster: Cluster, known: Cache, kind: Kind, namespace: str, changes: Changes) -> None:
    """List a kind in a namespace, and take it in: the watch may not have brought all of it yet.

    Raises `ClusterError`, which is `UnavailableError` if there are more than `MOST_PAGES`.
    """
    pages = 0
    async for items, _ in cluster.pages(kind, namespace):
        if pages == MOST_PAGES:
            raise errors.UnavailableError("there are too many")
        for raw in items:
            changes += known.see(kind.name, raw)
        pages += 1


def unwritten(answers: Answers, formation: Formation, children: Children) -> Answers:
    """Return the answers about Deployments that we haven't written since then."""
    about, kept = formation.metadata, {}
    for name, answer in answers.items():
        child = deployment_of(children, about.name, name)
        if child is not None and child.uid == answer.uid and not child.owns_count:
            kept[name] = answer
    return kept


def resolve(answers: Answers, formation: dict[str, Any]) -> None:
    """Resolve unanswered patches by a version of the Formation, as the cache has it.

    Each version is needed: a later one may have the count changed back.
    """
    generation = lenient.number(formation["metadata"], "generation")
    for name, answer in answers.items():
        declared = lenient.mapping(formation, "spec", "processes", name).get("replicas")
        answers[name] = answer.resolved(generation, declared)


def undecided(process_type: str, child: Child, why: str, error: errors.ClusterError) -> Problem:
    """Return the problem of a count that is neither written through nor set back for now."""
    message = f"{why.format(name=child.name, count=child.replicas)}: {error}"
    lasting = isinstance(error, errors.RefusedError)
    return Problem(process_type, Trouble.COUNT_UNDECIDED, message, lasting=lasting)
