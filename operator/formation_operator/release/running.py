"""Whether the wanted content runs already, where neither a status nor a revision says what was rolled out.

So it is where a Formation takes over Deployments that an earlier one has left, and where it has a release
command before it has a revision: what runs counts as released.
"""

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster
from formation_operator.observe.children import Children, deployment_of
from formation_operator.render import desired
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas

ANY = Replicas(desired=1, rendered=1, remembered=1)
"""Counts are no part of a Pod template."""


async def runs(cluster: Cluster, mine: Metadata, content: FormationSpec, children: Children) -> bool:
    """Return whether each type has a Deployment, and writing it would leave its Pod template as it is.

    The API server is asked, since it knows what it fills in; nothing is written.
    """
    there = {name: deployment_of(children, mine.name, name) for name in content.processes}
    for name, child in there.items():
        if child is None or child.deleting or not child.belongs_to(mine.uid, mine.name, name):
            return False
    try:
        return all([await _is_as_rendered(cluster, mine, content, name) for name in there])
    except (errors.RefusedError, InvalidTypeError):
        return False


async def _is_as_rendered(cluster: Cluster, mine: Metadata, content: FormationSpec, name: str) -> bool:
    intent = desired.deployment(mine, content, name, ANY)
    live = await cluster.get(kinds.ChildKind.DEPLOYMENT, mine.namespace, intent.name)
    if live is None:
        return False
    written = await cluster.dry_run(intent.manifest, manager=naming.FIELD_MANAGER)
    return lenient.mapping(written, "spec", "template") == lenient.mapping(live, "spec", "template")
