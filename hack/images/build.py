"""Build an image and print the file that holds it: ``... .build operator``, ``shop v1`` or ``system node``.

The file is a docker-archive: ``ctr --namespace k8s.io images import FILE`` brings it to a node.
"""

import pathlib
import sys
from collections.abc import Callable

from hack.cluster.errors import ClusterError
from hack.images import operator_image, shop_image, system_image

BUILDERS: dict[str, Callable[..., pathlib.Path]] = {
    "operator": operator_image.build,
    "shop": shop_image.build,
    "system": system_image.build,
}


if __name__ == "__main__":
    what, *version = sys.argv[1:]
    try:
        print(BUILDERS[what](*version))
    except ClusterError as error:
        sys.exit(str(error))
