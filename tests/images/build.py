"""Build an image and print the file that holds it: ``python -m tests.images.build operator|shop [VERSION]``.

The file is a docker-archive: ``ctr --namespace k8s.io images import FILE`` brings it to a node.
"""

import sys

from tests.cluster.errors import ClusterError
from tests.images import operator_image, shop_image


def main(arguments: list[str]) -> None:
    """Build what the arguments name."""
    match arguments:
        case ["operator"]:
            print(operator_image.build())
        case ["shop"]:
            print(shop_image.build())
        case ["shop", version]:
            print(shop_image.build(version))
        case _:
            sys.exit("usage: python -m tests.images.build operator | shop [VERSION]")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ClusterError as error:
        sys.exit(str(error))
