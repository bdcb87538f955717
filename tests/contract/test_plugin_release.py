"""``kubectl formation`` about a release: no Pod runs here, so none ends but by its deadline."""

import functools
import json
from collections.abc import Callable

import pytest

from tests import builders, releases
from tests.client import Client, eventually
from tests.plugin import Plugin

V1, V2 = builders.IMAGE, "example.com/shop:v2"
DEPLOY = ("deploy", "shop", "--image", V2)


def a_shop(**release: object) -> builders.Manifest:
    """Return a Formation of which nothing runs, so that it is ready without a Pod."""
    web = builders.a_process("/shop", "web", replicas=0)
    return builders.a_formation(processes={"web": web}, release={"command": ["/shop", "migrate"], **release})


def deployed(user: Client, formation: builders.Manifest) -> Client:
    """Have a content rolled out that has a release: what runs when one is added counts as released."""
    before = {**formation, "spec": {key: each for key, each in formation["spec"].items() if key != "release"}}
    for number, each in enumerate((before, formation), 1):
        user.apply(each)
        eventually(functools.partial(has_rolled_out, user, number))
    return user


def has_rolled_out(user: Client, number: int) -> bool:
    status = user.get("formation", "shop").get("status", {})
    return bool(status.get("revision", {}).get("number") == number)


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation that has a release."""
    return deployed(user, a_shop())


def test_a_release_that_is_under_way_is_named_and_holds_up_the_deploy(
    shop: Client, formation: Plugin
) -> None:
    formation.within(*DEPLOY, "--wait", "--timeout=2s", code=5)
    name = eventually(lambda: releases.status(shop)["job"])
    assert formation.within("release", "shop", "-o", "name").stdout == f"job.batch/{name}\n"
    assert formation.within("release", "shop").stdout.startswith("shop: the release command ")
    assert json.loads(formation.within("release", "shop", "-o", "json").stdout)["job"] == name
    assert shop.container("shop-web")["image"] == V1


def test_what_is_not_rolled_out_is_listed_as_that_and_called_by_its_digest(
    shop: Client, formation: Plugin
) -> None:
    formation.within(*DEPLOY)
    rows = eventually(
        lambda: [
            row
            for row in json.loads(formation.within("history", "shop", "-o", "json").stdout)
            if row["state"] == "Not rolled out"
        ]
    )
    assert [(row["revision"], row["change"]) for row in rows] == [(0, f"image {V1} -> {V2}")]
    digest = rows[0]["name"].removeprefix("shop-")[:7]
    assert formation.within("rollback", "shop", "--to", digest).stdout == f"revision {digest}: as it was\n"
    assert "There is no revision 0." in formation.within("rollback", "shop", "--to", "0", code=2).stderr
    back = formation.within("rollback", "shop", "--to", "2", "--wait")
    assert back.stdout.startswith("revision 2: image ")


def test_anyone_who_may_only_look_sees_how_far_it_is(
    shop: Client, formation: Plugin, somebody: Callable[..., str]
) -> None:
    formation.within(*DEPLOY)
    eventually(lambda: shop.list_all("jobs.batch"))
    token = somebody(cluster_role="view")
    look = (*formation.with_user(token=token), "release", "shop")
    eventually(lambda: "the release command" in formation.within(*look).stdout)
