"""``kubectl formation scale``, and what the API server and the operator make of it."""

import pytest

from tests import builders
from tests.client import Client, eventually
from tests.plugin import Plugin

WEB = builders.a_process("/shop", "web", replicas=2)
WORKER = builders.a_process(replicas=3)


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation of two types whose counts it says, and one whose count is left open."""
    user.apply(builders.a_formation(processes={"web": WEB, "worker": WORKER, "clock": builders.a_process()}))
    user.reported()
    return user


def counts(user: Client) -> dict[str, int | None]:
    processes = user.get("formation", "shop")["spec"]["processes"]
    return {name: each.get("replicas") for name, each in processes.items()}


def test_several_types_are_scaled_in_one_write(shop: Client, formation: Plugin) -> None:
    generation = shop.get("formation", "shop")["metadata"]["generation"]
    done = formation.within("scale", "shop", "web=5", "worker+2")

    assert done.stdout == "web: 2 -> 5\nworker: 3 -> 5\n"
    assert counts(shop) == {"web": 5, "worker": 5, "clock": None}
    assert shop.get("formation", "shop")["metadata"]["generation"] == generation + 1
    eventually(lambda: shop.get("deployment", "shop-worker")["spec"]["replicas"] == 5)


def test_a_dry_run_changes_nothing_and_the_api_server_judges_it(shop: Client, formation: Plugin) -> None:
    shop.merge("formation", "shop", {"spec": {"processes": {"clock": {"singleton": True}}}})
    assert formation.within("scale", "shop", "web=5", "--dry-run").stdout == "web: 2 -> 5 (dry run)\n"
    assert "singleton" in formation.within("scale", "shop", "clock=2", "--dry-run", code=1).stderr
    assert counts(shop) == {"web": 2, "worker": 3, "clock": None}
