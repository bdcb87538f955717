"""Processes really run: with their environment, behind their Service, and through good and bad images."""

import re
from collections.abc import Callable

import pytest
import yaml

from tests import builders, once
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import images, paths
from tests.cluster.cluster import Cluster
from tests.e2e.workers import READY
from tests.images import shop_image

pytestmark = pytest.mark.node

Ask = Callable[[], dict[str, str]]
V2 = {"spec": {"image": f"{shop_image.REPOSITORY}:v2"}}
UNPULLABLE = f"{shop_image.REPOSITORY}:nowhere"


def web(replicas: int = 2) -> builders.Manifest:
    return a_process("/shop", "web", replicas=replicas, port=8080)


def apply_sample(user: Client) -> None:
    user("apply", "-k", str(paths.ROOT / "manifests" / "samples"))
    user(*READY)


def test_every_type_of_the_sample_runs_and_logs(user: Client, shop: None) -> None:
    apply_sample(user)

    expected = {"web": "web: listening on port 8080", "worker": "worker: job 1 done", "clock": "clock: tick "}

    def logged() -> bool:
        return all(line in user("logs", f"deployment/shop-{name}").stdout for name, line in expected.items())

    assert eventually(logged)


def test_a_process_knows_its_port_its_formation_its_type_and_its_own_name(
    user: Client, shop: None, ask: Ask
) -> None:
    user.apply(a_formation(processes={"web": web(1)}))
    user(*READY)

    answer = ask()

    (pod,) = user.list_all("pod")
    assert (answer["formation"], answer["processType"]) == ("shop", "web")
    assert answer["processName"] == pod["metadata"]["name"]


def test_a_command_may_refer_to_the_environment_without_a_shell(user: Client, shop: None) -> None:
    user.apply(a_formation(processes={"worker": a_process("/shop", "$(PROCESS_TYPE)", replicas=1)}))

    user(*READY)

    assert eventually(lambda: "formation=shop type=worker" in user("logs", "deployment/shop-worker").stdout)


def test_a_type_without_a_command_runs_that_of_its_image_and_args_replace_a_part_of_it(
    user: Client, shop: None, ask: Ask
) -> None:
    user.apply(a_formation(processes={"web": {"port": 8080}, "worker": {"args": ["worker"]}}))
    user(*READY)

    assert ask()["processType"] == "web"
    assert eventually(lambda: "worker: job 1 done" in user("logs", "deployment/shop-worker").stdout)
    (container,) = user.get("deployment", "shop-web")["spec"]["template"]["spec"]["containers"]
    assert {"command", "args"}.isdisjoint(container)


@pytest.mark.parametrize("kind", ["unpullable", "crashing"])
def test_with_a_failing_image_waiting_fails_and_the_old_processes_serve_on(
    user: Client, shop: None, ask: Ask, crashing: str, kind: str
) -> None:
    apply_sample(user)
    before = {pod["metadata"]["name"] for pod in user.list_all("pod") if "-web-" in pod["metadata"]["name"]}

    user.merge("formation", "shop", {"spec": {"image": crashing if kind == "crashing" else UNPULLABLE}})

    assert user(*READY, "--timeout=15s", check=False).returncode != 0
    assert user("rollout", "status", "deployment/shop-web", "--timeout=1s", check=False).returncode != 0
    assert {ask()["processName"] for _ in range(10)} <= before
    user.merge("formation", "shop", V2)
    user(*READY)
    user("rollout", "status", "deployment/shop-web", "--timeout=60s")
    eventually(lambda: ask()["version"] == "v2")  # the old ones may answer once more while they drain


def run_image(user: Client, real_node: Cluster, image: images.Image) -> None:
    """Apply a Formation with an image that differs from the sample's in its user alone."""
    once.load(real_node, images.from_program(shop_image.SOURCES, image))
    user.apply(a_formation(image=image.name, processes={"web": web(1)}))


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


def test_without_security_defaults_an_image_runs_as_root(user: Client, real_node: Cluster) -> None:
    run_image(user, real_node, images.Image("registry.example.com/as-root:v1"))
    eventually(lambda: user.condition("Stalled"))

    user.merge("formation", "shop", {"spec": {"securityDefaults": "none"}})

    user(*READY)
