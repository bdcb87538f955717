"""Build an image and print the file that holds it: ``python -m tests.images.build operator``.

The file is a docker-archive: ``ctr --namespace k8s.io images import FILE`` brings it to a node.
"""

import sys

from tests.cluster.errors import ClusterError
from tests.images import operator_image, shop_image, system_image


def main(arguments: list[str]) -> None:
    """Build what the arguments name."""
    match arguments:
        case ["operator"]:
            print(operator_image.build())
        case ["shop"]:
            print(shop_image.build())
        case ["shop", version]:
            print(shop_image.build(version))
        case ["system", name] if name in system_image.SYSTEMS:
            print(system_image.build(name))
        case _:
            names = "|".join(system_image.SYSTEMS)
            sys.exit(f"usage: python -m tests.images.build operator | shop [VERSION] | system {names}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ClusterError as error:
        sys.exit(str(error))
