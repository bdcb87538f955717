"""The sample of the page on a read-only root file system, as somebody runs it."""

import contextlib
from collections.abc import Iterator

import yaml

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import busybox
from tests.e2e import pages
from tests.live import once
from tests.live.client import Client, eventually
from tests.live.namespaces import RESTRICTED, fresh_namespace

PAGE = (paths.ROOT / "docs" / "how-to" / "add-to-a-pod.md").read_text()
_, _, BELOW = PAGE.partition("## A read-only root file system")
(SAMPLE,) = (yaml.safe_load(text) for kind, text in pages.blocks(BELOW) if kind == "yaml")


@contextlib.contextmanager
def running(cluster: Cluster) -> Iterator[Client]:
    """Run the sample in a namespace of its own, where the restricted standard is enforced."""
    once.load(cluster, busybox.build())
    with fresh_namespace(cluster, RESTRICTED) as namespace:
        user = Client(cluster, namespace)
        eventually(lambda: user.find("serviceaccount", "default"))
        user.ready(SAMPLE)
        yield user
