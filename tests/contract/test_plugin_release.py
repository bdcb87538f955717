"""``kubectl formation`` about a release: no Pod runs here, so none ends but by its deadline."""

import functools
import json

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
