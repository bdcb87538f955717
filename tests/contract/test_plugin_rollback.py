"""``kubectl formation history`` and ``rollback``, and what the API server and the operator make of it."""

from typing import Any

from tests import builders
from tests.client import Client, eventually
from tests.plugin import Plugin

Object = dict[str, Any]
WEB = builders.a_process("/shop", "web")


def spec(user: Client) -> Object:
    return dict(user.get("formation", "shop")["spec"])


def deployed(user: Client, number: int) -> None:
    eventually(lambda: user.get("formation", "shop")["status"].get("revision", {}).get("number") == number)


def template(user: Client, type_: str) -> Object:
    return dict(user.get("deployment", f"shop-{type_}")["spec"]["template"])


def test_what_the_operator_keeps_is_gone_back_to(user: Client, formation: Plugin) -> None:
    types = {"web": {**WEB, "replicas": 0}, "worker": builders.a_process(replicas=0, image="other:v1")}
    user.apply(builders.a_formation(processes=types))
    deployed(user, 1)
    first, worker = template(user, "web"), template(user, "worker")
    formation.within("deploy", "shop", "--image", "example.com/shop:v2", "--wait")
    deployed(user, 2)
    formation.within("scale", "shop", "worker=1")
    formation.within("rollback", "shop", "--to", "1")
    deployed(user, 3)
    assert template(user, "web") == first
    assert template(user, "worker") == worker
    assert spec(user)["processes"]["worker"]["replicas"] == 1
    rows = [line.split(maxsplit=3) for line in formation.within("history", "shop").stdout.splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [("2", "Kept"), ("3", "Runs")]
    again = ("rollback", "shop", "--to", "2", "--dry-run")
    assert formation.within(*again).stdout.startswith("revision 2: image ")
