"""Commands as they are typed at a terminal and in a pipe, where no process has to run."""

import pathlib

from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders

IMAGE = "registry.example.com/shop:v2"
FORMATION = "formation.formations.dev/shop"


def test_events_and_differences_have_colours_at_a_terminal_alone(
    shop: Client, formation: Plugin, tmp_path: pathlib.Path
) -> None:
    other = tmp_path / "other.json"
    other.write_text(builders.text(builders.a_formation(image=IMAGE)))
    typed = formation.typed("diff", "-f", str(other), code=1)
    assert f"\x1b[32m+  image: {IMAGE}\x1b[0m" in typed
    piped = formation("diff", "-f", str(other), code=1)
    assert f"+  image: {IMAGE}" in piped.stdout.splitlines()
    assert formation("diff", "-f", str(other), "-o", "name", code=1).stdout == f"{FORMATION}\n"

    eventually(lambda: "shop-worker" in formation.within("events", "shop").stdout)
    assert "\x1b[" in formation.typed("events", "shop")
    assert "\x1b[" not in formation("events", "shop").stdout
