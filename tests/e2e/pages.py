"""Pages whose commands are typed as they stand, by somebody with a namespace, kubectl and its plugin."""

import contextlib
import dataclasses
import pathlib
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator

from hack.cluster import images
from hack.cluster.cluster import Cluster
from hack.images import shop_image
from tests.live import plugin
from tests.live.client import Client, eventually
from tests.shared import documents

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AGE = re.compile(r"\b(\d+[hms])+$")
PATIENCE = 180
"""Seconds: a rollout on a busy machine, and the second crash that makes a process `Crashing`."""
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the kind and the text of each block of a page."""
    return BLOCK.findall(text)


def below(blocks: list[tuple[str, str]], place: int) -> str:
    """Return the output that a page shows below a block."""
    kind, text = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
    return text if kind == "text" else ""


def steps(text: str) -> list[tuple[str, str]]:
    """Return what a page has typed, in its order, each with the output that it shows below.

    That is each block of commands, and each command in a row of a table.
    """
    places = sorted(
        [
            *((found.start(), found[1], found[2]) for found in BLOCK.finditer(text)),
            *((found.start(), "sh", f"{found[1]}\n") for found in documents.CELL.finditer(text)),
        ]
    )
    following = [*places[1:], (0, "", "")]
    return [
        (commands, shown if below == "text" else "")
        for (_, kind, commands), (_, below, shown) in zip(places, following, strict=True)
        if kind == "sh"
    ]


def columns(output: str) -> list[list[str]]:
    """Return the words of a table, whatever its columns' widths and whatever the age of things."""
    return [AGE.sub("AGE", line.strip()).split() for line in output.splitlines() if line.strip()]


def typed(commands: str, folder: pathlib.Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Type commands in a folder; the first that fails is the last."""
    shell = ["bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(shell, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@dataclasses.dataclass
class Reader:
    """Somebody who types what a page says."""

    folder: pathlib.Path
    variables: dict[str, str]
    kubectl: Client

    def types(self, commands: str) -> str:
        """Type commands, all of which go well, and return what they show."""
        done = typed(commands, self.folder, self.variables)
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout

    def types_until(self, commands: str, *words: str) -> None:
        """Type commands, and the last one again until it shows words, however they are spaced."""
        shown = [self.types(commands)]
        (*_, last) = commands.strip().splitlines()

        def seen() -> bool:
            lines = " ".join(" ".join(line) for line in columns(shown[-1]))
            shown.append("" if all(word in lines for word in words) else self.types(last))
            return not shown[-1]

        eventually(seen, PATIENCE)


@contextlib.contextmanager
def read_by_somebody(
    cluster: Cluster, namespace: str, folder: pathlib.Path, scripts: pathlib.Path
) -> Iterator[dict[str, str]]:
    """Give the environment of a reader, whose context is a namespace that is made for this."""
    cluster.run_kubectl("create", "namespace", namespace)
    yield plugin.of(Client(cluster, namespace), scripts, folder / "kubeconfig").environment()
    cluster.run_kubectl("delete", "namespace", namespace, "--wait=false")


def load_app_with_a_shell(cluster: Cluster, folder: pathlib.Path) -> None:
    """Put the sample app onto the node, in an image that has a shell."""
    for version in ("v1", "v2"):
        root = folder / version
        archive = shop_image.build(version)
        with tarfile.open(archive) as outer, tarfile.open(fileobj=outer.extractfile("layer.tar")) as layer:
            layer.extractall(root, filter="tar")
        add_shell(root)
        image = images.Image(f"{shop_image.REPOSITORY}:{version}", user=shop_image.USER)
        images.load(cluster, images.from_folder(root, image))


def add_shell(root: pathlib.Path) -> None:
    """Give an image this machine's own shell, with the libraries that it needs."""
    needed = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    for file in ["/bin/sh", *re.findall(r"(/\S+) \(0x", needed)]:
        target = pathlib.Path(f"{root}{file}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(pathlib.Path(file).resolve(), target)
