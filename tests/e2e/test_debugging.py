"""A debug container, as the page has it typed, in a namespace that enforces the restricted standard."""

import shlex

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import busybox
from hack.operator_process import OperatorProcess
from tests.e2e import pages, read_only
from tests.live.client import eventually

pytestmark = pytest.mark.node

PAGE = (paths.ROOT / "docs" / "how-to" / "everyday.md").read_text()
(DEBUGS,) = (
    shlex.split(text)
    for kind, text in pages.blocks(PAGE)
    if kind == "sh" and text.startswith("kubectl debug ")
)
LOOKS = ("sh", "-c", "cat /proc/1/root/tmp/index.html && id -u")
IMAGE = f"--image={busybox.IMAGE.name}"


def typed(pod: str) -> list[str]:
    """Return the page's command for a Pod, with an image that is here, and without a terminal."""
    replaced = {"POD": pod, "-it": "--container=tools", "--image=registry.example.com/tools:v1": IMAGE}
    _, *words = DEBUGS[: DEBUGS.index("--") + 1]
    assert replaced.keys() <= {*words}
    return [replaced.get(word, word) for word in words]


def test_a_debug_container_sees_the_files_of_the_process_and_the_operator_leaves_it(
    real_node: Cluster, operator: OperatorProcess
) -> None:
    with read_only.running(real_node) as user:
        (pod,) = user.list_all("pod")
        name = pod["metadata"]["name"]
        user(*typed(name), *LOOKS)
        log = eventually(lambda: user("logs", name, "--container=tools", check=False).stdout, patience=60)
        assert log.splitlines() == ["written to /tmp", "1000"]
        (now,) = user.list_all("pod")
        assert now["metadata"]["uid"] == pod["metadata"]["uid"]
        assert [each["name"] for each in now["spec"]["ephemeralContainers"]] == ["tools"]
        assert user.events("DriftRepaired") == []
