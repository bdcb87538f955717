"""Variables that were set by the plugin, as processes find them."""

import pytest

from tests.e2e.scripts import GREETS, shop_of
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin

pytestmark = pytest.mark.node

ODD = "$(PROCESS_TYPE) $$ ' \" \\ é"
"""What Kubernetes, a shell or JSON could make something else of."""


def says(formation: Plugin) -> str:
    """Return what the newest process says."""
    return formation("logs", "shop").stdout.splitlines()[-1].partition("| ")[2]


def test_plain_and_secret_values_arrive_as_they_were_typed_and_are_gone_when_they_are_unset(
    person: Client, formation: Plugin
) -> None:
    person.ready(shop_of(web=GREETS))
    formation("config", "set", "shop", f"GREETING={ODD}", "--wait")
    eventually(lambda: says(formation) == f"web says {ODD}")
    formation("config", "set", "shop", "--secret", "GREETING", "--wait", stdin=f"{ODD} secretly\n")
    eventually(lambda: says(formation) == f"web says {ODD} secretly")
    said = ("run", "shop", "--", "/bin/sh", "-c", "echo ${GREETING-gone}")
    assert formation(*said).stdout == f"{ODD} secretly\n"
    formation("config", "unset", "shop", "GREETING", "--wait")
    assert formation(*said).stdout == "gone\n"
