"""What ``kubectl formation`` finds out by asking an API server: across namespaces, by labels, by rights."""

from collections.abc import Callable

import pytest

from formation_cli import failures
from hack.cluster.cluster import Cluster
from tests.live import namespaces
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation that has a label."""
    labelled = builders.a_formation()
    labelled["metadata"]["labels"] = {"team": f"of-{user.namespace}"}
    user.applied(labelled)
    return user


def test_all_namespaces_are_shown_or_those_with_a_label(
    shop: Client, formation: Plugin, installed: Cluster
) -> None:
    with namespaces.fresh_namespace(installed, namespaces.HELD) as other:
        Client(installed, other).apply(builders.a_formation("other"))
        header, *rows = (line.split() for line in formation.within("ps", "-A").stdout.splitlines())
        assert header[:2] == ["NAMESPACE", "NAME"]
        assert {(shop.namespace, "shop"), (other, "other")} <= {(row[0], row[1]) for row in rows}
        labelled = formation.within("ps", "-A", "-l", f"team=of-{shop.namespace}", "-o", "name")
        assert labelled.stdout == "formation.formations.dev/shop\n"
    nothing = formation.within("ps", "-l", "team=none")
    assert nothing.stderr == f"There is no Formation with these labels in namespace {shop.namespace}.\n"
    assert formation.within("ps", "-n", "default", "-o", "name").stdout == ""


def test_anyone_who_may_only_look_is_told_before_kubectl_is(
    shop: Client, formation: Plugin, somebody: Callable[..., str]
) -> None:
    somebody("view")
    (pod,) = eventually(lambda: shop.list_all("pod"))
    account = f"system:serviceaccount:{shop.namespace}:somebody"
    named = ("--as", account, "--process", pod["metadata"]["name"])
    entered = formation("exec", "shop", *named, "--", "ls", code=failures.OURS)
    assert f"You may not use pods/exec in namespace {shop.namespace}." in entered.stderr
    led = formation("port-forward", "shop", *named, "80:80", code=failures.NO_ACCESS)
    assert f"You may not use pods/portforward in namespace {shop.namespace}." in led.stderr
