"""The snapshot that a pass decides from: a Formation, what it has, and what was said of it last."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from formation_operator.api import formation_status, naming
from formation_operator.api.content import Mark, mark_in
from formation_operator.api.formation import Formation, FormationSpec, Metadata
from formation_operator.api.formation_status import CanaryStatus, FormationStatus
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers, formations, jobs
from formation_operator.observe.autoscalers import Autoscaler, Deciding
from formation_operator.observe.cache import Basis, Cache
from formation_operator.observe.children import Child, Children
from formation_operator.observe.jobs import Job


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A Formation as one pass sees it, and the objects around it."""

    raw: Mapping[str, Any]
    """The Formation as the cache has it."""
    formation: Formation
    children: Children
    """They follow what the pass writes."""
    jobs: Sequence[Job]
    """Its releases, the oldest first; of many only some."""
    hides_jobs: bool
    """Whether we have no right to list Jobs."""
    scalers: Sequence[Autoscaler]
    """The autoscalers of the Formation and of its types' Deployments."""
    now: float
    """By a clock in seconds that nobody sets."""
    status: FormationStatus
    """What an earlier pass said."""

    @functools.cached_property
    def owner(self) -> Metadata:
        """The metadata of the Formation."""
        return self.formation.metadata

    @functools.cached_property
    def spec(self) -> FormationSpec:
        """What the Formation says now."""
        return self.formation.spec

    @functools.cached_property
    def deciding(self) -> Deciding:
        """The autoscaler of each target; one of several counts."""
        return autoscalers.deciding(self.scalers)

    def child(self, kind: ChildKind, process_type: str) -> Child | None:
        """Return the object of a kind that the Formation owns for a type or a schedule."""
        found = self.children.get((kind, naming.child(self.owner.name, process_type)))
        return found if found is not None and found.is_owned_by(self.owner.uid) else None

    def deployment(self, process_type: str) -> Child | None:
        """Return the Deployment that the Formation owns for a type."""
        return self.child(ChildKind.DEPLOYMENT, process_type)

    def canary(self, process_type: str) -> Child | None:
        """Return the Deployment of a type's canary."""
        found = self.deployment(naming.canary(process_type))
        return found if found is not None and found.is_canary else None

    def owned(self, kind: ChildKind, types: Iterable[str]) -> dict[str, Child]:
        """Return the object of a kind of each type that has one."""
        return {name: child for name in types if (child := self.child(kind, name)) is not None}

    @functools.cached_property
    def deployments(self) -> Mapping[str, Child]:
        """The Deployments that the Formation owns, or may adopt, by type, before the pass writes."""
        return self._deployments()

    def _deployments(self) -> dict[str, Child]:
        app, uid = self.owner.name, self.owner.uid
        found = {
            naming.type_of(app, name): child
            for (kind, name), child in sorted(self.children.items())
            if kind is ChildKind.DEPLOYMENT
        }
        return {name: child for name, child in found.items() if child.belongs_to(uid, app, name)}

    @property
    def marks(self) -> Sequence[Mark]:
        """What names the contents that templates of this Formation were written from, by now."""
        return [child.content for child in self._deployments().values() if child.content is not None]

    @property
    def claimed(self) -> set[str]:
        """The digests of these contents, also where a restore has lost whose words that are."""
        return {child.claims for child in self._deployments().values()}

    @property
    def reported(self) -> Mark | None:
        """What names the content that was let through last, by the last status."""
        revision = self.status.revision
        prefix = f"{self.owner.name}-"
        return mark_in(f"{revision.number}-{revision.name.removeprefix(prefix)}") if revision else None

    def canary_status(self, revision: str) -> CanaryStatus | None:
        """Return what the last status says of the canaries of a revision, if it is about that."""
        said = self.status.canary
        return said if said is not None and said.revision == revision else None

    @property
    def released_by_jobs(self) -> set[str]:
        """The digests of the contents that Jobs release, or have released."""
        return {each.digest for each in self.jobs if not each.left}

    @property
    def runs_processes(self) -> bool:
        """Whether there is anything that may run processes."""
        return any(each.kind.traits.runs_processes for each in self.children.values())

    @property
    def runs(self) -> bool:
        """Whether a Deployment of the Formation is to have a process now."""
        return any(each.replicas for each in self.deployments.values())


def take(formation: Formation, basis: Basis, cache: Cache, now: float) -> Snapshot:
    """Return a snapshot of a Formation, as it was parsed, and of what its pass decides from."""
    owner = formation.metadata
    found = cache.jobs_of((owner.namespace, owner.name))
    scaled = {owner.name, *(name for kind, name in basis.children if kind is ChildKind.DEPLOYMENT)}
    for name in formation.spec.processes:
        scaled.add(naming.child(owner.name, name))
    return Snapshot(
        raw=basis.formation,
        formation=formation,
        children=basis.children,
        jobs=jobs.in_order(found, owner.uid) if found else (),
        hides_jobs=cache.is_forbidden(kinds.JOB, owner.namespace),
        scalers=cache.autoscalers_of(owner.namespace, scaled),
        now=now,
        status=formation_status.read(formations.status_of(basis.formation)),
    )
