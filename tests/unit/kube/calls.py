"""What may be asked of the API server about one Formation."""

from collections.abc import Awaitable, Callable

from formation_operator.api import naming
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster
from tests.shared import builders
from tests.shared.builders import a_formation

FORMATION = builders.stored(a_formation())
PLACE = (naming.KIND, "default", "shop")
WRITES: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "create": lambda cluster: cluster.create(FORMATION, manager="us"),
    "apply": lambda cluster: cluster.apply(FORMATION, manager="us"),
    "replace_status": lambda cluster: cluster.replace_status({**FORMATION, "status": {}}),
    "patch": lambda cluster: cluster.patch(*PLACE, []),
    "delete": lambda cluster: cluster.delete(*PLACE, "uid", "1"),
    "notify": lambda cluster: cluster.notify(FORMATION, Notice("Scaled", "Scale", "to 3")),
}
