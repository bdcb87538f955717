"""``kubectl formation history`` and ``rollback``, and what the API server and the operator make of it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests import builders
from tests.client import Client, eventually
from tests.plugin import Plugin
from tests.unit.cli.revisions import a_revision

Object = dict[str, Any]
WEB = builders.a_process("/shop", "web")
V1 = builders.a_formation(
    processes={"web": WEB, "clock": builders.a_process()}, env=[{"name": "MODE", "value": "fast"}]
)
V2 = builders.a_formation(processes={"web": WEB, "worker": builders.a_process()}, image="example.com/shop:v2")
COUNTED = builders.a_formation(
    processes={"web": {**WEB, "replicas": 3}, "worker": builders.a_process(replicas=2)},
    image="example.com/shop:v3",
    paused=True,
)
"""What is paused isn't rolled out, so the operator keeps no revision of it."""


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation of which two contents are kept, and of which the operator does nothing."""
    user.apply(COUNTED)
    user.reported()
    for number, each in enumerate((V1, V2), 1):
        keep(user, number, each)
    return user


def keep(user: Client, number: int, formation: Object, **forged: Any) -> str:
    """Make a revision as the operator does, and return its name."""
    live = user.get("formation", "shop")["metadata"]
    owner = {"apiVersion": "formations.dev/v1", "kind": "Formation", "name": "shop", "uid": live["uid"]}
    made = a_revision(number, formation["spec"], **{"owners": [{**owner, "controller": True}], **forged})
    del made["metadata"]["creationTimestamp"]
    user.apply(made)
    return str(made["metadata"]["name"])


def spec(user: Client) -> Object:
    return dict(user.get("formation", "shop")["spec"])


def generation(user: Client) -> int:
    return int(user.get("formation", "shop")["metadata"]["generation"])


def test_a_dry_run_is_judged_by_the_api_server_and_changes_nothing(shop: Client, formation: Plugin) -> None:
    before = spec(shop)
    assert "(dry run)" in formation.within("rollback", "shop", "--to", "2", "--dry-run").stdout
    invalid = copy.deepcopy(V1)
    invalid["spec"]["processes"]["web"]["port"] = 0
    keep(shop, 3, invalid)
    for words in (("--to", "3", "--dry-run"), ("--to", "3")):
        assert "port" in formation.within("rollback", "shop", *words, code=1).stderr
    assert spec(shop) == before


def test_whoever_may_only_look_sees_the_history_and_goes_nowhere(
    shop: Client, formation: Plugin, somebody: Callable[..., str]
) -> None:
    token = somebody(cluster_role="view")
    assert "Kept" in formation.within(*formation.with_user(token=token), "history", "shop").stdout
    formation.within(*formation.with_user(token=token), "diff", "shop", "--revision", "1", code=1)
    formation.within(*formation.with_user(token=token), "rollback", "shop", "--to", "1", code=4)


def test_numbers_are_completed(shop: Client, formation: Plugin) -> None:
    assert formation.completed("formation", "rollback", "shop", "--to", "") == ["2", "1"]
    assert formation.completed("formation", "history", "shop", "1") == ["1"]


# What follows needs the operator's own revisions.


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


def test_what_an_earlier_formation_has_left_is_called_by_its_digest_and_gone_back_to(
    user: Client, formation: Plugin
) -> None:
    types = {"web": {**WEB, "replicas": 0}}
    user.apply(builders.a_formation(processes=types))
    deployed(user, 1)
    name = user.get("formation", "shop")["status"]["revision"]["name"]
    user("delete", "formation", "shop", "--cascade=orphan")
    eventually(lambda: "ownerReferences" not in user.get("controllerrevisions.apps", name)["metadata"])
    user.apply(builders.a_formation(processes=types, image="example.com/shop:v2"))
    deployed(user, 2)
    eventually(lambda: user.get("controllerrevisions.apps", name)["metadata"].get("ownerReferences"))
    digest = name.removeprefix("shop-")[:7]
    rows = [line.split(maxsplit=2) for line in formation.within("history", "shop").stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == ["2", digest]
    assert formation.completed("formation", "rollback", "shop", "--to", "") == [digest]
    assert "No other revision of shop is known" in formation.within("rollback", "shop", code=1).stderr
    assert formation.within("rollback", "shop", "--to", digest).stdout.startswith(
        f"revision {digest}: image "
    )
    deployed(user, 3)
    assert spec(user)["image"] == builders.IMAGE
