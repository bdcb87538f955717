"""``kubectl formation history`` and ``rollback``, and what the API server and the operator make of it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from formation_operator.api import content, naming
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


def test_contents_are_listed_with_what_they_changed(shop: Client, formation: Plugin) -> None:
    stranger = keep(shop, 9, V1, name="shop-0123456789")
    rows = [line.split(maxsplit=3) for line in formation.within("history", "shop").stdout.splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [("-", "Foreign"), ("1", "Kept"), ("2", "Kept")]
    assert rows[0][3] == f"{stranger} its content doesn't match its name"
    assert "shop:v2" in rows[2][3]
    assert "MODE" in rows[2][3]
    shown = json.loads(formation.within("history", "shop", "1", "-o", "json").stdout)
    assert shown == content.content_of(V1["spec"])
    formation.within("rollback", "shop", "--to", "9", code=2)
    missing = formation.within("rollback", "shop", "--to", "7", code=2)
    assert "These are kept: 1, 2. A content that is rolled out again takes the next number" in missing.stderr


def test_it_goes_back_in_one_write_and_keeps_what_is_no_content(shop: Client, formation: Plugin) -> None:
    before = generation(shop)
    done = formation.within("rollback", "shop", "--to", "1")
    assert done.stdout.startswith("revision 1: image ")
    assert "clock starts with 1 process" in done.stderr
    assert "spec.paused is true" in done.stderr
    assert generation(shop) == before + 1
    after = spec(shop)
    assert content.content_of(after) == content.content_of(V1["spec"])
    assert (after["processes"]["web"]["replicas"], after["paused"]) == (3, True)
    assert "replicas" not in after["processes"]["clock"]
    assert formation.within("rollback", "shop", "--to", "1").stdout == "revision 1: as it was\n"
    assert generation(shop) == before + 1


def test_what_isnt_known_to_have_run_well_has_to_be_named(shop: Client, formation: Plugin) -> None:
    before = generation(shop)
    refused = formation.within("rollback", "shop", code=1)
    assert "No other revision of shop is known to have run well. Nothing was changed." in refused.stderr
    assert generation(shop) == before
    formation.within("rollback", "shop", "--to", "2")
    assert spec(shop)["image"] == "example.com/shop:v2"


def test_what_ran_well_is_gone_back_to_past_what_is_newer(shop: Client, formation: Plugin) -> None:
    first = a_revision(1, V1["spec"])["metadata"]["name"]
    shop("annotate", "controllerrevision", first, f"{naming.RAN_WELL_ANNOTATION}=true")
    keep(shop, 3, builders.a_formation(image="example.com/shop:v4"))
    rows = [line.split(maxsplit=3) for line in formation.within("history", "shop").stdout.splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [("1", "Ran"), ("2", "Kept"), ("3", "Kept")]
    assert formation.within("rollback", "shop").stdout.startswith("revision 1: ")
    assert content.content_of(spec(shop)) == content.content_of(V1["spec"])


def test_a_dry_run_is_judged_by_the_api_server_and_changes_nothing(shop: Client, formation: Plugin) -> None:
    before = spec(shop)
    assert "(dry run)" in formation.within("rollback", "shop", "--to", "2", "--dry-run").stdout
    invalid = copy.deepcopy(V1)
    invalid["spec"]["processes"]["web"]["port"] = 0
    keep(shop, 3, invalid)
    for words in (("--to", "3", "--dry-run"), ("--to", "3")):
        assert "port" in formation.within("rollback", "shop", *words, code=1).stderr
    assert spec(shop) == before


def test_a_difference_names_fields_and_is_what_is_written(shop: Client, formation: Plugin) -> None:
    done = formation.within("diff", "shop", "--revision", "1", code=1)
    lines = done.stdout.splitlines()
    assert {"-  image: example.com/shop:v3", f"+  image: {builders.IMAGE}"} <= {*lines}
    assert "clock: new" in done.stderr
    formation.within("rollback", "shop", "--to", "1")
    assert formation.within("diff", "shop", "--revision", "1").stdout == ""


@pytest.fixture
def needs(shop: Client) -> Client:
    """A user of whose revision 3 a Secret is gone."""
    needing = copy.deepcopy(V1)
    needing["spec"]["envFrom"] = [{"secretRef": {"name": "old"}}]
    keep(shop, 3, needing)
    return shop


def test_it_is_refused_until_what_it_needs_is_there_again(needs: Client, formation: Plugin) -> None:
    before = spec(needs)
    refused = formation.within("rollback", "shop", "--to", "3", code=1)
    assert "secret/old is gone, which revision 3 needs." in refused.stderr
    assert spec(needs) == before
    needs("create", "secret", "generic", "old")
    formation.within("rollback", "shop", "--to", "3")
    assert spec(needs)["envFrom"] == [{"secretRef": {"name": "old"}}]


def test_whoever_may_not_read_secrets_is_told_and_goes_back(
    needs: Client, formation: Plugin, somebody: Callable[..., str]
) -> None:
    token = somebody(("get,patch", "formations.formations.dev"), ("list", "controllerrevisions.apps"))
    done = formation.within(*formation.with_user(token=token), "rollback", "shop", "--to", "3")
    assert "Whether secret/old is still there isn't known: You may not read Secret old" in done.stderr
    assert spec(needs)["envFrom"] == [{"secretRef": {"name": "old"}}]


def test_whoever_may_only_look_sees_the_history_and_goes_nowhere(
    shop: Client, formation: Plugin, somebody: Callable[..., str]
) -> None:
    token = somebody(cluster_role="view")
    assert "Kept" in formation.within(*formation.with_user(token=token), "history", "shop").stdout
    formation.within(*formation.with_user(token=token), "diff", "shop", "--revision", "1", code=1)
    formation.within(*formation.with_user(token=token), "rollback", "shop", "--to", "1", code=4)


@pytest.mark.parametrize(
    ("manager", "who"),
    [("kustomize-controller", "Flux sets it back"), ("terraform", "terraform sets it back")],
)
def test_who_declares_it_elsewhere_is_named_and_does_set_it_back(
    user: Client, formation: Plugin, manager: str, who: str
) -> None:
    applied = (COUNTED, "--server-side", f"--field-manager={manager}")
    user.apply(*applied)
    keep(user, 1, V1)
    done = formation.within("rollback", "shop", "--to", "1")
    assert who in done.stderr
    assert "change it there" in done.stderr
    user.apply(*applied, "--force-conflicts")
    assert spec(user)["image"] == "example.com/shop:v3"


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


def test_a_deploy_that_never_runs_takes_itself_back(user: Client, formation: Plugin) -> None:
    user.apply(builders.a_formation(processes={"web": {**WEB, "replicas": 1}}))  # no Pod runs here
    deployed(user, 1)
    words = ("deploy", "shop", "--image", "example.com/shop:v2", "--wait", "--timeout=2s")
    failed = formation.within(*words, code=5)
    assert failed.stderr.splitlines()[-1] == "To go back: kubectl formation rollback shop --to 1 --wait"
    deployed(user, 2)
    formation.within("rollback", "shop", "--to", "1")
    deployed(user, 3)
    back = formation.within(*words, "--rollback-on-failure", code=5)
    assert "Going back to revision 3: image " in back.stderr
    assert spec(user)["image"] == builders.IMAGE


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
