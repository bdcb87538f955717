"""The sample of the page on a read-only root file system runs where the restricted standard is enforced."""

import pytest

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.e2e import read_only
from tests.live.client import fetch

pytestmark = pytest.mark.node


def test_the_sample_writes_to_its_volume_and_nowhere_else(
    real_node: Cluster, operator: OperatorProcess
) -> None:
    with read_only.running(real_node) as user:
        log = user("logs", "deployment/read-only-web").stdout
        assert "Read-only file system" in log
        assert "nothing can be written to /" in log
        service = user.get("service", "read-only-web")["spec"]
        assert fetch(f"http://{service['clusterIP']}:8080/index.html") == "written to /tmp\n"
