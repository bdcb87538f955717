"""``kubectl formation scale``, and what the API server and the operator make of it."""

import json

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


def test_the_line_that_is_printed_can_be_typed_again(shop: Client, formation: Plugin) -> None:
    line = formation.within("scale", "shop").stdout
    assert line == "web=2 worker=3\n"
    assert (
        formation.within("scale", "shop", *line.split()).stdout == "web: 2, as it was\nworker: 3, as it was\n"
    )


def test_a_script_reads_the_counts_as_json(shop: Client, formation: Plugin) -> None:
    found = json.loads(formation.within("scale", "shop", "-o", "json").stdout)
    assert {each["type"]: each["quantity"] for each in found} == {"clock": 1, "web": 2, "worker": 3}


def test_nothing_is_scaled_where_one_type_is_mistyped(shop: Client, formation: Plugin) -> None:
    done = formation.within("scale", "shop", "web=5", "wroker=1", code=2)
    assert done.stderr == "Error: There is no process type wroker.\nDid you mean worker?\n"
    assert counts(shop)["web"] == 2


def test_a_dry_run_changes_nothing_and_the_api_server_judges_it(shop: Client, formation: Plugin) -> None:
    shop.merge("formation", "shop", {"spec": {"processes": {"clock": {"singleton": True}}}})
    assert formation.within("scale", "shop", "web=5", "--dry-run").stdout == "web: 2 -> 5 (dry run)\n"
    assert "singleton" in formation.within("scale", "shop", "clock=2", "--dry-run", code=1).stderr
    assert counts(shop) == {"web": 2, "worker": 3, "clock": None}


def test_the_count_is_written_under_a_name_that_flux_leaves_alone(shop: Client, formation: Plugin) -> None:
    formation.within("scale", "shop", "web=5")
    managers = [each["manager"] for each in shop.get("formation", "shop")["metadata"]["managedFields"]]
    assert "formation-cli" in managers


def test_a_pipeline_that_will_set_the_count_back_is_named(user: Client, formation: Plugin) -> None:
    flux = ("--server-side", "--field-manager=kustomize-controller")
    user.apply(builders.a_formation(processes={"web": WEB, "worker": builders.a_process()}), *flux)
    user.reported()
    assert "web: Flux sets it back at the next sync" in formation.within("scale", "shop", "web=5").stderr
    assert formation.within("scale", "shop", "worker=5").stderr == ""


def test_a_count_that_git_leaves_out_outlives_the_next_sync(user: Client, formation: Plugin) -> None:
    flux = ("--server-side", "--field-manager=kustomize-controller")
    declared = builders.a_formation(processes={"web": builders.a_process()})
    user.apply(declared, *flux)
    user.reported()
    formation.within("scale", "shop", "web=4")
    user.apply(declared, *flux)
    assert counts(user) == {"web": 4}
