"""The sample of the page on a read-only root file system runs where the restricted standard is enforced."""

import pytest
import yaml

from tests import once
from tests.client import Client, eventually, fetch
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import pages
from tests.images import busybox
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.node

PAGE = (paths.ROOT / "docs" / "how-to" / "add-to-a-pod.md").read_text()
_, _, BELOW = PAGE.partition("## A read-only root file system")
(SAMPLE,) = (yaml.safe_load(text) for kind, text in pages.blocks(BELOW) if kind == "yaml")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def test_the_sample_writes_to_its_volume_and_nowhere_else(
    real_node: Cluster, operator: OperatorProcess
) -> None:
    once.load(real_node, busybox.build())
    with fresh_namespace(real_node, RESTRICTED) as namespace:
        user = Client(real_node, namespace)
        eventually(lambda: user.find("serviceaccount", "default"))
        user.apply(SAMPLE)
        user("wait", "--for=condition=Ready", "formation/read-only", "--timeout=180s")
        log = user("logs", "deployment/read-only-web").stdout
        assert "Read-only file system" in log
        assert "nothing can be written to /" in log
        service = user.get("service", "read-only-web")["spec"]
        assert fetch(f"http://{service['clusterIP']}:8080/index.html") == "written to /tmp\n"
