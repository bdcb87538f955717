"""Record the session that docs/cli.md and the README show, from a real run at a terminal: `make walk`."""

import html
import io
import pathlib
import re

from rich.console import Console
from rich.text import Text

from hack.cluster import paths
from hack.images import shop_image
from tests.live import plugin
from tests.live.client import Client
from tests.shared.terminal import settled

PICTURE = paths.ROOT / "docs" / "cli-session.svg"
WIDTH = 110
SHOP = shop_image.REPOSITORY
STEPS = (
    ("ps shop", 0),
    ("scale shop web=3 worker+1 --wait", 0),
    ("logs shop --tail 1", 0),
    (f"deploy shop --image {SHOP}:v2 --wait", 0),
    (f"deploy shop --image {SHOP}:v3 --wait", 1),
    ("rollback shop --to 2 --wait", 0),
    ("run shop -- /shop fail", 1),
    ("scale shop", 0),
)
"""What is typed, and the exit code."""
FONTS = re.compile(r"\n\s*@font-face \{.*?\n\s*\}", re.DOTALL)
"""What a browser would fetch from elsewhere."""


CELLS = re.compile(r'<text class="session-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
"""The place and the words of each piece of text."""


def record(user: Client, folder: pathlib.Path) -> list[str]:
    """Return what a terminal shows of the session, with what is typed."""
    plugin.install(folder)
    formation = plugin.of(user, folder, folder / "kubeconfig")
    user("apply", "-k", str(paths.ROOT / "manifests" / "samples"))
    user("wait", "--for=condition=Ready", "formation/shop", "--timeout=60s")
    return [
        f"\x1b[1m$ kubectl formation {words}\x1b[0m\n{settled(formation.typed(*words.split(), code=code))}"
        for words, code in STEPS
    ]


def lines(drawn: str = "") -> list[str]:
    """Return the lines of a picture, or of the one that is shown, from top to bottom."""
    found: dict[float, str] = {}
    for _, y, words in CELLS.findall(drawn or PICTURE.read_text()):
        found[float(y)] = found.get(float(y), "") + html.unescape(words).replace("\xa0", " ")
    return [found[y] for y in sorted(found)]


def picture(shown: list[str]) -> str:
    """Return a terminal's content as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for each in shown:
        console.print(Text.from_ansi(each))
    return FONTS.sub("", console.export_svg(title="kubectl formation", unique_id="session"))
