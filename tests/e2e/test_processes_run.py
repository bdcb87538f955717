"""Processes really run: with their environment, behind their Service, and as the user of their image."""

import json
import re
from typing import Any

import pytest
import yaml

from hack.cluster import images
from hack.cluster.cluster import Cluster
from hack.images import shop_image
from tests.e2e.workers import READY
from tests.live import once
from tests.live.client import Client, eventually, fetch
from tests.shared import builders
from tests.shared.builders import a_formation, a_process

pytestmark = pytest.mark.node

WEB = a_process("/shop", "web", replicas=1, port=8080, minReadySeconds=1)


def test_a_process_knows_its_port_its_formation_its_type_and_its_own_name_without_a_command_or_a_shell(
    user: Client, shop: None
) -> None:
    quick: dict[str, Any] = {"replicas": 1, "minReadySeconds": 1}
    web, worker = {"port": 8080, **quick}, {"args": ["$(PROCESS_TYPE)"], **quick}
    user.ready(a_formation(processes={"web": web, "worker": worker}))

    address = user.get("service", "shop-web")["spec"]["clusterIP"]
    answer = json.loads(fetch(f"http://{address}:8080/"))
    (pod,) = (name for each in user.list_all("pod") if "-web-" in (name := each["metadata"]["name"]))
    assert (answer["formation"], answer["processType"], answer["processName"]) == ("shop", "web", pod)
    said = eventually(lambda: user("logs", "deployment/shop-worker").stdout)
    assert "formation=shop type=worker" in said


def run_image(user: Client, real_node: Cluster, image: images.Image) -> None:
    """Apply a Formation with an image that differs from the sample's in its user alone."""
    once.load(real_node, images.from_program(shop_image.SOURCES, image))
    user.apply(a_formation(image=image.name, processes={"web": WEB}))


def suggested(message: str) -> builders.Manifest:
    """Return the one-line fix that a message names, as a patch."""
    found = re.search(r"podTemplate: {.*?}}}", message)
    assert found, message
    return {"spec": yaml.safe_load(found[0])}


@pytest.mark.parametrize(
    ("name", "image_user", "reason"),
    [("as-root", "", "ImageUserIsRoot"), ("by-name", "shop", "ImageUserNotNumeric")],
)
def test_where_the_image_has_no_numeric_user_the_status_names_the_line_that_mends_it(
    user: Client, real_node: Cluster, name: str, image_user: str, reason: str
) -> None:
    run_image(user, real_node, images.Image(f"registry.example.com/{name}:v1", user=image_user))
    stalled = eventually(lambda: user.condition("Stalled"))
    assert stalled["reason"] == reason
    user.merge("formation", "shop", suggested(stalled["message"]))
    user(*READY)
    if image_user:
        return
    user.merge("formation", "shop", {"spec": {"podTemplate": None, "securityDefaults": "none"}})
    user(*READY)
