"""What ``kubectl formation`` finds out by asking an API server: across namespaces, and by labels."""

import pytest

from hack.cluster.cluster import Cluster
from tests.live import namespaces
from tests.live.client import Client
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
