"""Each way of changing a count or an image changes that one, and nothing else."""

import json
import pathlib
import re
from collections.abc import Callable

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.contract.counting import counts

FORMATION = a_formation(
    processes={
        "web": a_process("/shop", "web", replicas=2, port=8080),
        "worker": a_process("/shop", "worker", replicas=4),
    }
)


def templates(user: Client) -> dict[str, str]:
    return {
        item["metadata"]["name"]: json.dumps(item["spec"]["template"], sort_keys=True)
        for item in user.list_all("deployment")
    }


def scale(user: Client) -> None:
    user("scale", "formation/shop", "--replicas=5")


def merge_patch(user: Client) -> None:
    user.merge("formation", "shop", {"spec": {"processes": {"web": {"replicas": 5}}}})


def edit(user: Client) -> None:
    def replaced() -> bool:  # a report of the operator may come in between, as it may for a person
        formation = user.get("formation", "shop")
        formation["spec"]["processes"]["web"]["replicas"] = 5
        user("replace", "-f", "-", input=json.dumps(formation))
        return True

    eventually(replaced)


def changed() -> dict[str, object]:
    formation: dict[str, object] = json.loads(json.dumps(FORMATION))
    formation["spec"]["processes"]["web"]["replicas"] = 5  # type: ignore[index]  # JSON
    return formation


def client_side_apply(user: Client) -> None:
    user.apply(changed())


def server_side_apply(user: Client) -> None:
    user.apply(changed(), "--server-side", "--force-conflicts")


def partial_server_side_apply(user: Client) -> None:
    # Both by server-side apply: kubectl takes over what the same object's client-side apply owned.
    user.apply(FORMATION, "--server-side", "--force-conflicts")
    only = {
        **{key: FORMATION[key] for key in ("apiVersion", "kind", "metadata")},
        "spec": {"processes": {"web": {"command": ["/shop", "web"], "port": 8080, "replicas": 5}}},
    }
    user.apply(only, "--server-side", "--field-manager=operations", "--force-conflicts")


@pytest.mark.parametrize(
    "change",
    [scale, merge_patch, edit, client_side_apply, server_side_apply, partial_server_side_apply],
    ids=lambda change: change.__name__,
)
def test_a_count_changes_alone(user: Client, change: Callable[[Client], None]) -> None:
    user.apply(FORMATION)
    user.reported()
    before = templates(user)

    change(user)

    eventually(lambda: counts(user) == {"shop-web": 5, "shop-worker": 4})
    assert templates(user) == before, "scaling restarts no pod"
    assert user.reported()["status"]["processes"]["web"]["desiredReplicas"] == 5


def test_a_kustomize_overlay_changes_one_count(user: Client, tmp_path: pathlib.Path) -> None:
    base, overlay = tmp_path / "base", tmp_path / "overlay"
    for folder in (base, overlay):
        folder.mkdir()
    (base / "formation.yaml").write_text(json.dumps(FORMATION))
    (base / "kustomization.yaml").write_text("resources: [formation.yaml]\n")
    patch = {key: FORMATION[key] for key in ("apiVersion", "kind", "metadata")}
    patch["spec"] = {"processes": {"worker": {"replicas": 9}}}
    (overlay / "patch.yaml").write_text(json.dumps(patch))
    (overlay / "kustomization.yaml").write_text("resources: [../base]\npatches: [{path: patch.yaml}]\n")

    user("apply", "-k", str(overlay))

    eventually(lambda: counts(user) == {"shop-web": 2, "shop-worker": 9})


def test_a_new_image_reaches_every_type_that_names_none_of_its_own(user: Client) -> None:
    formation = json.loads(json.dumps(FORMATION))
    formation["spec"]["processes"]["worker"]["image"] = "registry.example.com/worker:v7"
    user.apply(formation)
    user.reported()

    user.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})

    eventually(lambda: user.container("shop-web")["image"] == "registry.example.com/shop:v2")
    assert user.container("shop-worker")["image"] == "registry.example.com/worker:v7"
    assert counts(user) == {"shop-web": 2, "shop-worker": 4}


def test_the_image_column_says_that_a_type_has_its_own(user: Client) -> None:
    def shown() -> list[str]:
        output = user("get", "fm", "shop", "-o", "wide").stdout
        return re.split(r" {2,}", output.splitlines()[1])

    user.apply(FORMATION)
    user.reported()
    image, own = FORMATION["spec"]["image"], "registry.example.com/worker:v7"
    assert image in shown()

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"image": own}}}})
    eventually(lambda: f"{image} and 1 more" in shown())

    user.merge("formation", "shop", {"spec": {"image": None, "processes": {"web": {"image": own}}}})
    eventually(lambda: own in shown())


def test_taking_a_count_away_leaves_it_where_it_is(user: Client) -> None:
    user.apply(a_formation(processes={"worker": a_process(replicas=5)}))
    user.reported()

    user.apply(a_formation(processes={"worker": a_process()}))
    user.reported()

    assert counts(user) == {"shop-worker": 5}
    user("scale", "deployment/shop-worker", "--replicas=7")
    eventually(lambda: counts(user) == {"shop-worker": 7})
    user.apply(a_formation(processes={"worker": a_process()}, env=[{"name": "A", "value": "1"}]))
    user.reported()
    assert counts(user) == {"shop-worker": 7}
    user.apply(a_formation(processes={"worker": a_process(replicas=3)}))
    eventually(lambda: counts(user) == {"shop-worker": 3})


def test_suspend_stops_all_and_resume_brings_back_what_ran(user: Client) -> None:
    processes = {"web": a_process("/shop", "web", replicas=2), "worker": a_process()}
    user.apply(a_formation(processes=processes))
    user.reported()
    user("scale", "deployment/shop-worker", "--replicas=3")
    user.reported()

    user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: counts(user) == {"shop-web": 0, "shop-worker": 0})
    user.merge("formation", "shop", {"spec": {"suspend": None}})

    eventually(lambda: counts(user) == {"shop-web": 2, "shop-worker": 3})


def test_paused_touches_nothing_and_says_so(user: Client) -> None:
    user.apply(a_formation(processes={"worker": a_process(replicas=1)}))
    user.reported()

    user.merge("formation", "shop", {"spec": {"paused": True, "processes": {"worker": {"replicas": 4}}}})

    user.reported()
    assert counts(user) == {"shop-worker": 1}
    assert user.condition("Paused")
    worker = user.get("formation", "shop")["status"]["processes"]["worker"]
    assert worker["message"].endswith("a change waits: spec.paused is true")
    user.merge("formation", "shop", {"spec": {"paused": None}})
    eventually(lambda: counts(user) == {"shop-worker": 4})
    eventually(lambda: user.condition("Paused") is None)
