"""Variables that were set by the plugin, as processes find them."""

import pytest

from tests.client import Client, eventually
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.plugin import Plugin

pytestmark = pytest.mark.node

ODD = "$(PROCESS_TYPE) $$ ' \" \\ é"
"""What Kubernetes, a shell or JSON could make something else of."""


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with a type that says its variable GREETING."""
    person.apply(shop_of(web=GREETS))
    person(*READY)
    return person


def says(formation: Plugin) -> str:
    """Return what the newest process says."""
    return formation("logs", "shop").stdout.splitlines()[-1].partition("| ")[2]


def test_plain_and_secret_values_arrive_as_they_were_typed(shop: Client, formation: Plugin) -> None:
    formation("config", "set", "shop", f"GREETING={ODD}", "--wait")
    eventually(lambda: says(formation) == f"web says {ODD}")
    formation("config", "set", "shop", "--secret", "GREETING", "--wait", stdin=f"{ODD} secretly\n")
    eventually(lambda: says(formation) == f"web says {ODD} secretly")


def test_a_secret_value_is_known_to_what_runs_once_and_gone_when_it_is_unset(
    shop: Client, formation: Plugin
) -> None:
    formation("config", "set", "shop", "--secret", "TOKEN", "--wait", stdin="abc")
    assert formation("run", "shop", "--", "/bin/sh", "-c", "echo $TOKEN").stdout == "abc\n"
    formation("config", "unset", "shop", "TOKEN", "--wait")
    assert formation("run", "shop", "--", "/bin/sh", "-c", "echo ${TOKEN-gone}").stdout == "gone\n"
