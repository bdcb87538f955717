"""Each way of changing a count of a Formation changes that one, and nothing else."""

import json
from collections.abc import Callable

from tests.builders import Manifest, a_formation, a_process
from tests.client import Client, eventually
from tests.contract.counting import counts

FORCED = ("--server-side", "--force-conflicts")


def formation(web: int = 2) -> Manifest:
    """Return the Formation with a count of web."""
    types = {"web": a_process("/shop", "web", replicas=web, port=8080), "worker": a_process(replicas=4)}
    return a_formation(processes=types)


def scale(user: Client, web: int) -> None:
    user("scale", "formation/shop", f"--replicas={web}")


def merge_patch(user: Client, web: int) -> None:
    user.merge("formation", "shop", {"spec": {"processes": {"web": {"replicas": web}}}})


def edit(user: Client, web: int) -> None:
    path = user.server.path("formation", user.namespace, "shop")

    def replaced() -> bool:  # a report of the operator may come in between, as it may for a person
        edited = user.get("formation", "shop")
        edited["spec"]["processes"]["web"]["replicas"] = web
        user("replace", "--raw", path, "-f", "-", input=json.dumps(edited))
        return True

    eventually(replaced)


def client_side_apply(user: Client, web: int) -> None:
    user.apply(formation(web))


def server_side_apply(user: Client, web: int) -> None:
    user.apply(formation(web), *FORCED)


def partial_server_side_apply(user: Client, web: int) -> None:
    only = {"web": {"command": ["/shop", "web"], "port": 8080, "replicas": web}}
    partial = {**formation(), "spec": {"processes": only}}
    user.apply(partial, *FORCED, "--field-manager=operations")


WAYS: tuple[Callable[[Client, int], None], ...] = (
    scale,
    merge_patch,
    edit,
    client_side_apply,
    server_side_apply,
    partial_server_side_apply,
)


def templates(user: Client) -> dict[str, Manifest]:
    return {item["metadata"]["name"]: item["spec"]["template"] for item in user.list_all("deployment")}


def test_a_count_changes_alone_in_whatever_way(user: Client) -> None:
    user.apply(formation())
    user.reported()
    before = templates(user)
    for web, way in enumerate(WAYS, start=3):
        way(user, web)
        eventually(lambda: counts(user) == {"shop-web": web, "shop-worker": 4})  # noqa: B023  # used at once
        assert user.reported()["status"]["processes"]["web"]["desiredReplicas"] == web, way.__name__
    assert templates(user) == before, "scaling restarts no pod"
