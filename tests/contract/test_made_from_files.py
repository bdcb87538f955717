"""What ``init`` makes of other tools' files is accepted, and stored as it was written."""

import dataclasses

from formation_cli.dialects import app, dockerfile
from formation_cli.dialects.app import App
from formation_cli.dialects.compose import services
from tests.contract.manifests import tried
from tests.live.client import Client
from tests.shared.composed import SHOP

DOCKERFILE = 'FROM scratch\nEXPOSE 8000\nENTRYPOINT ["/shop"]\nCMD ["serve", "--cost=$(A)"]\nUSER 1000\n'


def accepted(user: Client, found: App) -> None:
    made = app.formation(dataclasses.replace(found, name="shop", image="registry.example.com/shop:v1"))
    assert tried(user, "formation", made)["spec"] == made["spec"]


def test_a_formation_that_was_made_from_a_compose_file_is_accepted(refusing: Client) -> None:
    accepted(refusing, services.read(SHOP, "compose.yaml", image="registry.example.com/shop:v1"))


def test_a_formation_that_was_made_from_a_dockerfile_is_accepted(refusing: Client) -> None:
    accepted(refusing, dockerfile.read(DOCKERFILE, "Dockerfile"))
