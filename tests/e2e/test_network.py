"""Pods and this machine reach each other, whatever comes and goes beside them."""

import pathlib

import pytest

from tests.cluster import host, settings
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.node

LOW = "formation-low"


def test_pods_go_on_finding_this_machine_when_others_come(real_node: Cluster) -> None:
    address = pathlib.Path("/sys/class/net", settings.BRIDGE, "address")
    before = address.read_text()
    host.ip("link", "add", LOW, "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", f"{LOW}2")
    try:
        host.ip("link", "set", LOW, "master", settings.BRIDGE)
        assert address.read_text() == before
    finally:
        host.ip("link", "delete", LOW)
