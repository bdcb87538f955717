"""Prometheus, and an image whose processes run."""

import pathlib
from collections.abc import Iterator

import pytest

from hack.cluster import build
from hack.cluster.cluster import Cluster
from hack.images import shop_image
from hack.operator_process import OperatorProcess
from tests.live import once
from tests.monitoring import prometheus


@pytest.fixture(scope="session")
def binaries() -> dict[str, pathlib.Path]:
    """Prometheus and promtool, built if needed: that takes minutes."""
    return build.ensure((build.PROMETHEUS,))


@pytest.fixture
def server(
    binaries: dict[str, pathlib.Path], operator: OperatorProcess, tmp_path: pathlib.Path
) -> Iterator[str]:
    """The address of a Prometheus that scrapes the operator."""
    with prometheus.running(binaries["prometheus"], operator.metrics, tmp_path) as address:
        yield address


@pytest.fixture(scope="session")
def shop(real_node: Cluster) -> str:
    """Put the sample app onto the node, and return its image."""
    once.load(real_node, shop_image.build("v1"))
    return f"{shop_image.REPOSITORY}:v1"
