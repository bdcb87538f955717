"""What is done once on the cluster that runs, by whichever of the tests' processes needs it first."""

import hashlib
import os
import pathlib
import uuid
from collections.abc import Callable

from hack.cluster import images, locks, paths
from hack.cluster.cluster import Cluster

RUN = os.environ.setdefault("FORMATION_TEST_RUN", uuid.uuid4().hex)
"""Names this run of the tests, in all its processes; what an earlier one did may be out of date."""


def once(name: str, do: Callable[[], object]) -> None:
    """Do something, unless this run has done it: whoever else asks waits for that."""
    with locks.held(f"once-{name}", f"doing once what tests need: {name}"):
        if not is_done(name):
            do()
            _mark(name).parent.mkdir(exist_ok=True)
            _mark(name).touch()


def is_done(name: str) -> bool:
    """Tell whether this run has done something."""
    return _mark(name).exists()


def _mark(name: str) -> pathlib.Path:
    return paths.state() / "once" / f"{name}.{RUN}"


def load(cluster: Cluster, archive: pathlib.Path) -> None:
    """Bring an image to the node once."""
    name = hashlib.sha256(str(archive).encode()).hexdigest()[:16]
    once(f"image-{name}", lambda: images.load(cluster, archive))
