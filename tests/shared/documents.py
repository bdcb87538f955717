"""The pages of the repository, and the objects that they show."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import click
import yaml

from formation_cli.program import program
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.api.release_key import release_key
from formation_operator.render import release_job
from hack.cluster import paths
from tests.shared import builders
from tests.shared.builders import Manifest
from tests.unit.facts import intents, parsed

PAGES = sorted(
    [
        *paths.ROOT.glob("*.md"),
        *(paths.ROOT / "docs").rglob("*.md"),
        paths.ROOT / "manifests/chart/README.md",
        *(paths.ROOT / "hack").rglob("README.md"),
    ]
)
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
CELL = re.compile(r"(?<=\| )`(kubectl [^`]+)`(?= \|)")
"""A command that is all of a cell of a table."""
NO_OBJECTS = ("kustomization.yaml", "prometheus.yaml", "values.yaml")
"""Files that the first line of a block may name, which hold no object of the API."""


class Block(NamedTuple):
    """A block of a page."""

    place: str
    """The page and the line."""
    kind: str
    text: str


def name_of(page: pathlib.Path) -> str:
    """Return how a page is called in the repository."""
    return str(page.relative_to(paths.ROOT))


def blocks(*kinds: str) -> Iterator[Block]:
    """Yield each block of some kinds."""
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            if found[1] in kinds:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(f"{name_of(page)}:{line}", found[1], found[2])


def objects() -> Iterator[tuple[str, Manifest]]:
    """Yield each object that a page shows, or the part of one, with its place."""
    for block in blocks("yaml"):
        if not block.text.splitlines()[0].endswith(NO_OBJECTS):
            for number, shown in enumerate(yaml.safe_load_all(block.text)):
                yield f"{block.place}-{number}", shown


def whole(part: Manifest) -> Manifest:
    """Return the Formation that some process types stand for, or fields of one, of the spec or of all."""
    worker = builders.a_process("/worker")
    if part.keys() == {"spec"}:
        return builders.a_formation(**{"processes": {"worker": worker}, **part["spec"]})
    if part.keys() <= {field.alias for field in ProcessType.model_fields.values()}:
        return builders.a_formation(processes={"worker": {**worker, **part}})
    if part.keys() <= {field.alias for field in FormationSpec.model_fields.values()}:
        return builders.a_formation(**{"processes": {"worker": worker}, **part})
    return builders.a_formation(processes={name: {**worker, **process} for name, process in part.items()})


def formation(shown: Manifest) -> Manifest | None:
    """Return the Formation that an object is, or that a part stands for."""
    if "kind" not in shown:
        return whole(shown)
    return shown if shown["kind"] == "Formation" else None


def made(shown: Manifest) -> list[Manifest]:
    """Return what the operator makes of a Formation, its release's Job included; another object as it is."""
    declared = formation(shown)
    if declared is None:
        return [shown]
    known = parsed(declared)
    found = [each.manifest for each in intents(known)]
    if known.spec.release:
        found.append(release_job.job(known.metadata, known.spec, "0" * 32, release_key(known.spec)))
    return found


def pods(shown: Any) -> Iterator[Manifest]:
    """Yield the spec of each Pod that an object is or makes."""
    if isinstance(shown, dict):
        if "containers" in shown:
            yield shown
        else:
            for value in shown.values():
                yield from pods(value)


def parsed_command(name: str, *arguments: str) -> click.Context:
    """Return what the plugin understands of a command; raise `click.UsageError` if it can't be typed so."""
    command = program.get_command(click.Context(program), name)
    assert command is not None
    return command.make_context(name, [*arguments], parent=click.Context(program))


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return {*re.findall(r"^([a-z-]+):", (paths.ROOT / "Makefile").read_text(), re.MULTILINE)}
