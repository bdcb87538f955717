"""Write through what was asked of the children, as `scaling` judges it."""

from formation_operator import autoscalers, errors, naming, scaling
from formation_operator.cache import Cache
from formation_operator.cluster import Cluster
from formation_operator.model import Formation
from formation_operator.notices import Notice
from formation_operator.observed import Child, Key

# What the API server says when the `test` of a JSON patch fails; the status code is 422 for all of them.
TEST_FAILED = "rejected our request due to an error in our request"


class Requests:
    """Finds scale requests on the children of a Formation, and gives their counts to it."""

    def __init__(self, cluster: Cluster, known: Cache, policy: scaling.Policy) -> None:
        """Take the port to the cluster, the cache, and whose scaling of a child is a request."""
        self._cluster = cluster
        self._cache = known
        self._policy = policy

    async def honour(self, key: Key, formation: Formation) -> list[Notice]:
        """Bring the Formation in the cache to what was asked, and return what to tell about it."""
        scaled = self._scaled(key, formation)
        if not scaled:
            return []
        await self._look_for_autoscalers(key[0])
        known = self._cache.autoscalers_in(key[0])
        notices = []
        for name, child in scaled.items():
            autoscaler = autoscalers.of_child(known, child.name)
            verdict = scaling.judge(formation.spec, name, child, autoscaler, self._policy)
            if isinstance(verdict, scaling.Request):
                verdict = await self._write_through(key, verdict)
            if verdict is not None:
                notices.append(verdict)
        return notices

    def _scaled(self, key: Key, formation: Formation) -> dict[str, Child]:
        """Return the Deployments whose count somebody else set, no known autoscaler among them."""
        children = self._cache.children_of(key)
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

    async def _look_for_autoscalers(self, namespace: str) -> None:
        """List a namespace's autoscalers anew: one may have acted before its watch told us of it."""
        for kind in autoscalers.KINDS:
            try:
                items, _ = await self._cluster.list_all(kind, namespace)
            except errors.NotFoundError:
                continue  # KEDA isn't installed
            for raw in items:
                self._cache.put_autoscaler(autoscalers.autoscaler(raw, kind))

    async def _write_through(self, key: Key, request: scaling.Request) -> Notice | None:
        try:
            written = await self._cluster.patch(naming.KIND, *key, request.patch())
        except errors.RefusedError as error:
            if TEST_FAILED in str(error):
                return None  # the Formation changed just now; its next pass sees both
            return request.overruled(f"the Formation can't have it ({error})")
        self._cache.put_formation(written)
        return request.honoured()
