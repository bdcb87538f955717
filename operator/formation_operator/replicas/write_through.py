"""Write through what was asked of the children, as `scale_requests` judges it."""

import logging
from collections.abc import AsyncIterator

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors, kinds, lenient
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster
from formation_operator.observe import autoscalers
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Child, Children, Key
from formation_operator.observe.faults import Problem
from formation_operator.replicas import count_owner, scale_requests
from formation_operator.replicas.scale_requests import Answer, Request, Scaled, Try
from formation_operator.requeue import Ask, Lane

logger = logging.getLogger(__name__)
# What the API server says when the `test` of a JSON patch fails; the status code is 422 for all of them.
TEST_FAILED = "rejected our request due to an error in our request"


class Requests:
    """Finds scale requests on the children of a Formation, and gives their counts to it."""

    def __init__(self, cluster: Cluster, known: Cache, ask: Ask, policy: scale_requests.Policy) -> None:
        """Take the port to the cluster, the cache, and whose scaling of a child is a request.

        ``ask`` asks for a pass in a lane, after some seconds.
        """
        self._cluster = cluster
        self._cache = known
        self._ask = ask
        self._policy = policy
        self._answers: dict[str, dict[str, Answer]] = {}

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._answers.pop(uid, None)

    async def honour(
        self, key: Key, formation: Formation, children: Children
    ) -> AsyncIterator[Notice | Problem]:
        """Bring the Formation in the cache to what was asked of its children, and yield what to tell.

        A problem is that a type's count can't be judged now, and must be left as it is.

        Raises `ConflictError` if the Formation is another than the one in the cache.
        """
        found = self._scaled(key, formation, children)
        answers = self._unwritten(key, formation, children)
        if found or answers:
            self._answers[formation.metadata.uid] = answers
        else:
            self.forget(formation.metadata.uid)
        if formation.spec.paused or not found:
            return
        unlisted = await self._look_for_autoscalers(key[0])
        known = self._cache.autoscalers_in(key[0])
        status = self._cache.formations.get(key, {}).get("status") or {}
        generation = formation.metadata.generation
        for name, child in found.items():
            autoscaler = autoscalers.of_child(known, child.name)
            if autoscaler is None and unlisted is not None:
                yield undecided(name, child, unlisted)
                continue
            before = count_owner.reported(status, name, formation.metadata.generation)
            answer, count = answers.get(name), formation.spec.processes[name].replicas
            scaled = Scaled(name, child, autoscaler, before, answer)
            verdict = scale_requests.judge(formation.spec, scaled, self._policy)
            if verdict is None and answer is not None and answer.tried is not None:
                continue  # what the Formation says isn't known yet
            if isinstance(verdict, Request):
                try:
                    verdict, count, generation = await self._write_through(key, verdict, generation)
                except errors.UnavailableError:
                    # It may have reached the Formation all the same.
                    answers[name] = Answer(child.uid, None, count, Try(generation, child.replicas))
                    raise
            answers[name] = Answer(child.uid, child.replicas, count)
            if verdict is not None:
                yield verdict

    def written(self, uid: str, process_type: str) -> None:
        """Forget what was answered about a Deployment: it has been written, and has a base of its own."""
        self._answers.get(uid, {}).pop(process_type, None)

    def _unwritten(self, key: Key, formation: Formation, children: Children) -> dict[str, Answer]:
        """Return the answers about Deployments that haven't been written since, in use or not."""
        types, kept = formation.spec.processes, {}
        for name, answer in self._answers.get(formation.metadata.uid, {}).items():
            child = children.get(("Deployment", naming.child(key[1], name)))
            if child is not None and child.uid == answer.uid and not child.owns_count:
                declared = types[name].replicas if name in types else None
                kept[name] = answer.seen_from(formation.metadata.generation, declared)
        return kept

    def _scaled(self, key: Key, formation: Formation, children: Children) -> dict[str, Child]:
        """Return the Deployments whose count somebody else set, no known autoscaler among them."""
        known = self._cache.autoscalers_in(key[0])
        found = {
            name: children.get(("Deployment", naming.child(key[1], name)))
            for name, process in formation.spec.processes.items()
            if process.replicas is not None
        }
        return {
            name: child
            for name, child in found.items()
            if child is not None
            and not child.owns_count
            and child.owner is not None
            and child.owner.uid == formation.metadata.uid
            and autoscalers.of_child(known, child.name) is None
        }

    async def _look_for_autoscalers(self, namespace: str) -> errors.ClusterError | None:
        """List a namespace's autoscalers anew: one may have acted before its watch told us of it.

        Returns why some of them can't be listed, if they can't.
        """
        unlisted = None
        for kind in kinds.AUTOSCALERS:
            try:
                await self._list(kind, namespace)
            except errors.NotFoundError:
                continue  # KEDA isn't installed
            except errors.ClusterError as error:
                logger.warning("%s in %s can't be listed: %s", kind, namespace, error)
                unlisted = error
        return unlisted

    async def _list(self, kind: str, namespace: str) -> None:
        async for items in self._cluster.select(kind, namespace):
            for raw in items:
                # News for other Formations, too: the watch won't tell it again.
                for key in self._cache.put_autoscaler(autoscalers.autoscaler(raw, kind)):
                    self._ask(key, Lane.BUILD, 0.0)

    async def _write_through(self, key: Key, request: Request, generation: int) -> tuple[Notice, int, int]:
        """Give a count to a Formation; return what to tell, and its count and generation then."""
        try:
            written = await self._cluster.patch(naming.KIND, *key, request.patch(generation))
        except errors.RefusedError as error:
            if TEST_FAILED in str(error):
                # Going on would set the child back to a count that isn't the Formation's any more.
                raise errors.ConflictError("the Formation was changed just now") from error
            return request.overruled(f"the Formation can't have it ({error})"), request.declared, generation
        self._cache.put_formation(written)
        return request.honoured(), request.wanted, lenient.number(written["metadata"], "generation")


def undecided(process_type: str, child: Child, unlisted: errors.ClusterError) -> Problem:
    """Return what is said of a count that is neither written through nor set back for now."""
    message = (
        f"it isn't known whether an autoscaler set the count of Deployment {child.name} to {child.replicas}, "
        f"so that is left as it is: autoscalers can't be listed: {unlisted}"
    )
    lasting = isinstance(unlisted, errors.RefusedError)
    return Problem(process_type, Trouble.COUNT_UNDECIDED, message, lasting=lasting)
