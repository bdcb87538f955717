"""Record the session that docs/cli.md shows, from a real run at a terminal: ``python -m tests.session``.

It needs a cluster that is up, with a real node (`make up`), and the CRD; it brings its own operator.
"""

import io
import pathlib
import re
import sys
import tempfile

from rich.console import Console
from rich.text import Text

from tests import cluster as clusters
from tests import plugin
from tests.client import Client, established
from tests.cluster import images, paths
from tests.cluster.cluster import Cluster
from tests.images import shop_image
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess
from tests.plugin import Plugin
from tests.terminal import settled

PICTURE = paths.ROOT / "docs" / "cli-session.svg"
WIDTH = 110
SAMPLE = paths.ROOT / "manifests" / "samples"
READY = ("wait", "--for=condition=Ready", "formation/shop", "--timeout=60s")
SHOP = shop_image.REPOSITORY
STEPS = (
    ("ps shop", 0),
    ("scale shop web=3 worker+1 --wait", 0),
    ("logs shop --tail 1", 0),
    (f"deploy shop --image {SHOP}:v9 --wait", 1),
    (f"deploy shop --image {SHOP}:v2 --wait", 0),
    ("run shop -- /shop fail", 1),
    ("scale shop", 0),
)
"""What is typed, and the exit code."""
RESOLVER = re.compile(r"(?<= on )[0-9.]+(?=:53\b)")
"""The name server of whoever records it."""
FONTS = re.compile(r"\n\s*@font-face \{.*?\n\s*\}", re.DOTALL)
"""What a browser would fetch from elsewhere."""


def main() -> None:
    """Write the picture of the session."""
    running = clusters.current()
    if running is None or running.node != "real":
        sys.exit("a cluster with a real node has to be up: make up")
    prepare(running)
    operator = OperatorProcess(running)
    operator.start()
    try:
        with fresh_namespace(running) as namespace, tempfile.TemporaryDirectory() as folder:
            PICTURE.write_text(picture(record(Client(running, namespace), pathlib.Path(folder))))
    finally:
        operator.stop()


def prepare(running: Cluster) -> None:
    """Install what is needed, and the sample app in two versions."""
    for folder in ("crds", "manifests/rbac"):
        running.run_kubectl("apply", "-k", str(paths.ROOT / folder))
    established(Client(running, "default"), "formations.formations.dev")
    for version in ("v1", "v2"):
        images.load(running, shop_image.build(version))


def record(user: Client, folder: pathlib.Path) -> list[str]:
    """Return what a terminal shows of the session, with what is typed."""
    plugin.install(folder)
    formation = plugin.of(user, folder, folder / "kubeconfig")
    user("apply", "-k", str(SAMPLE))
    user(*READY)
    return [
        f"\x1b[1m$ kubectl formation {words}\x1b[0m\n{settled(typed(formation, words, code))}"
        for words, code in STEPS
    ]


def typed(formation: Plugin, words: str, code: int) -> str:
    return RESOLVER.sub("10.96.0.10", formation.typed(*words.split(), code=code))


def picture(shown: list[str]) -> str:
    """Return a terminal's content as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for each in shown:
        console.print(Text.from_ansi(each))
    return FONTS.sub("", console.export_svg(title="kubectl formation", unique_id="session"))


if __name__ == "__main__":
    main()
