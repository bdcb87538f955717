"""A debug container, as the page has it typed, in a namespace that enforces the restricted standard."""

import shlex

import pytest
import yaml

from tests import once
from tests.client import Client, eventually
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import pages
from tests.images import busybox
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.node

HOW_TO = paths.ROOT / "docs" / "how-to"
(DEBUGS,) = (
    shlex.split(text)
    for kind, text in pages.blocks((HOW_TO / "everyday.md").read_text())
    if kind == "sh" and text.startswith("kubectl debug ")
)
_, _, BELOW = (HOW_TO / "add-to-a-pod.md").read_text().partition("## A read-only root file system")
(SAMPLE,) = (yaml.safe_load(text) for kind, text in pages.blocks(BELOW) if kind == "yaml")
LOOKS = ("sh", "-c", "cat /proc/1/root/tmp/index.html && id -u")
IMAGE = f"--image={busybox.IMAGE.name}"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def typed(pod: str) -> list[str]:
    """Return the page's command for a Pod, with an image that is here, and without a terminal."""
    replaced = {"POD": pod, "-it": "--container=tools", "--image=registry.example.com/tools:v1": IMAGE}
    _, *words = DEBUGS[: DEBUGS.index("--") + 1]
    assert replaced.keys() <= {*words}
    return [replaced.get(word, word) for word in words]


def test_a_debug_container_sees_the_files_of_the_process_and_the_operator_leaves_it(
    real_node: Cluster, operator: OperatorProcess
) -> None:
    once.load(real_node, busybox.build())
    with fresh_namespace(real_node, RESTRICTED) as namespace:
        user = Client(real_node, namespace)
        eventually(lambda: user.find("serviceaccount", "default"))
        user.apply(SAMPLE)
        user("wait", "--for=condition=Ready", "formation/read-only", "--timeout=180s")
        (pod,) = user.list_all("pod")
        name = pod["metadata"]["name"]
        user(*typed(name), *LOOKS)
        log = eventually(lambda: user("logs", name, "--container=tools", check=False).stdout, patience=60)
        assert log.splitlines() == ["written to /tmp", "1000"]
        (now,) = user.list_all("pod")
        assert now["metadata"]["uid"] == pod["metadata"]["uid"]
        assert [each["name"] for each in now["spec"]["ephemeralContainers"]] == ["tools"]
        assert user.events("DriftRepaired") == []
