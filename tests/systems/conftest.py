"""The samples of manifests/samples/systems, each with its image on the node."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import system_image
from hack.operator_process import OperatorProcess
from tests.live import once
from tests.live.client import Client
from tests.live.namespaces import RESTRICTED, fresh_namespace
from tests.shared.builders import Manifest
from tests.systems.running import Sample

SAMPLES = paths.ROOT / "manifests" / "samples" / "systems"


@pytest.fixture(scope="session")
def sample(real_node: Cluster) -> Sample:
    """Return the function that gives a system's sample, when its image is on the node."""
    loaded: set[str] = set()

    def give(name: str) -> Manifest:
        if name not in loaded:
            once.load(real_node, system_image.build(name))
            loaded.add(name)
        manifest: dict[str, Any] = yaml.safe_load((SAMPLES / f"{name}.yaml").read_text())
        return manifest

    return give


@pytest.fixture(scope="module")
def restricted(operator: OperatorProcess, real_node: Cluster) -> Iterator[Client]:
    """Kubectl in a namespace for all tests of a module, with the operator at work.

    It enforces the restricted Pod Security Standard, which Formations meet unless they say otherwise.
    """
    with fresh_namespace(real_node, RESTRICTED) as namespace:
        yield Client(real_node, namespace)
