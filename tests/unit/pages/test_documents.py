"""The documents: what they show can be applied and typed, and their links lead somewhere."""

import json
import pathlib
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from hack.cluster import paths
from hack.kustomization import built
from tests.live import session
from tests.shared import documents
from tests.unit import schemas, structural
from tests.unit.facts import intents, parsed
from tests.unit.fakes import json_patch

Json = dict[str, Any]

MANIFESTS = paths.ROOT / "manifests"
INDEX = paths.ROOT / "docs" / "README.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
OF_OTHERS = {"argocd-image-updater.argoproj.io/v1alpha1", "gateway.networking.k8s.io/v1", "keda.sh/v1alpha1"}
"""What isn't Kubernetes' own: nothing here knows it."""


(SHOP,) = (shown for place, shown in documents.objects() if place.startswith("README.md"))
OBJECTS = [pytest.param(shown, id=place) for place, shown in documents.objects()]


def test_the_formation_of_the_readme_is_thirteen_lines_with_its_eight_objects_beside_them() -> None:
    (block,) = (block for block in documents.blocks("yaml") if block.place.startswith("README.md"))
    assert len(block.text.splitlines()) == 13
    beside = re.findall(r"([A-Z]\w+) (shop-[\w<>-]+)", re.sub("^[^#]*", "", block.text, flags=re.MULTILINE))
    made = [(each["kind"], each["metadata"]["name"]) for each in documents.made(SHOP)]
    assert len(made) == 8
    assert sorted(beside) == sorted((kind, name.replace("0" * 32, "<digest>")) for kind, name in made)


def test_the_readme_shows_lines_of_the_recorded_session_in_their_order() -> None:
    (proof,) = (block.text for block in documents.blocks("console") if block.place.startswith("README.md"))
    lines = proof.splitlines()
    assert len(lines) == 6
    shown = "".join("".join(session.lines()).split())
    for line in lines:
        before, found, shown = shown.partition("".join(line.removesuffix(" ...").split()))
        assert found, f"{line!r} isn't below {before[-80:]!r}"


@pytest.mark.parametrize("document", OBJECTS)
def test_what_is_shown_to_apply_is_valid(document: Json) -> None:
    if formation := documents.formation(document):
        assert [*structural.faults(schemas.FORMATION, formation)] == []
        assert intents(parsed(formation))
    elif document["apiVersion"] not in OF_OTHERS:
        version = document["apiVersion"].rpartition("/")[2].upper()
        assert [*structural.unknown(version + document["kind"], document)] == []


def test_no_budget_lets_a_process_that_crashes_block_a_drain() -> None:
    shown = [shown for _, shown in documents.objects()]
    budgets = [each for each in (*shown, *built(MANIFESTS)) if each.get("kind") == "PodDisruptionBudget"]
    assert {each["spec"]["unhealthyPodEvictionPolicy"] for each in budgets} == {"AlwaysAllow"}


def anchors(page: pathlib.Path) -> set[str]:
    """Return what the headings of a page are linked by, as GitHub makes it."""
    plain = (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading) for heading in HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", documents.PAGES, ids=documents.name_of)
def test_each_link_leads_to_a_file_and_to_a_heading_of_it(page: pathlib.Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text()):
        target, _, anchor = link.partition("#")
        file = (page.parent / target) if target else page
        if not link.startswith("http") and not (file.exists() and (not anchor or anchor in anchors(file))):
            broken.append(link)
    assert broken == []


SHELL = re.compile(r"(?:&&|\||;|\$\()(?=(?:[^']*'[^']*')*[^']*$)")
"""What separates commands, unless it is in quotes."""


def typed(words: str) -> Iterator[list[str]]:
    """Yield what follows some words in each line of commands, without what is a shell's."""
    cells = [cell for page in documents.PAGES for cell in documents.CELL.findall(page.read_text())]
    for text in (*(block.text for block in documents.blocks("sh")), *cells):
        for line in text.replace("\\\n", " ").splitlines():
            for command in SHELL.split(line.partition(" #")[0]):
                if command.strip().startswith(f"{words} "):
                    yield shlex.split(command)[len(words.split()) :]


@pytest.mark.parametrize("words", [*typed("kubectl formation")], ids=" ".join)
def test_each_command_of_the_plugin_can_be_typed_so(words: list[str]) -> None:
    assert documents.parsed_command(*words)


HEROKU = paths.ROOT / "docs" / "how-to" / "leaving-heroku.md"
BESIDE = re.compile(r"^\| .*`[a-z].*` .*\| (.*) \|$", re.MULTILINE)
"""What stands beside a command of Heroku."""
OURS = [
    quote
    for cell in BESIDE.findall(HEROKU.read_text().partition("## Their commands")[2].partition("\n## ")[0])
    for quote in re.findall(r"`([a-z]+ [^`]+)`", cell)
    if not quote.startswith("kubectl")
]


@pytest.mark.parametrize("words", OURS)
def test_each_command_beside_one_of_heroku_can_be_typed_so(words: str) -> None:
    assert documents.parsed_command(*words.split())


def test_there_is_a_command_beside_each_of_heroku() -> None:
    assert len(OURS) > 12


PATCHES = [words for words in typed("kubectl patch") if words[0].startswith(("formation/", "fm/"))]


@pytest.mark.parametrize("words", PATCHES, ids=" ".join)
def test_each_patch_of_the_shop_leaves_it_valid(words: list[str]) -> None:
    assert "--type=merge" in words
    patched = json_patch.merged(SHOP, json.loads(words[words.index("-p") + 1]))
    assert [*structural.faults(schemas.FORMATION, patched)] == []
    assert intents(parsed(patched))


def test_each_target_of_make_is_there() -> None:
    assert {words[0] for words in typed("make")} <= documents.targets()


def test_the_index_names_each_page_and_the_readme_names_the_index() -> None:
    texts = (INDEX.read_text(), (INDEX.parent / "cli.md").read_text())  # the second names a page per command
    links = (link.partition("#")[0] for text in texts for link in LINK.findall(text))
    pages = {page for page in (paths.ROOT / "docs").rglob("*.md") if page.parent.name != "decisions"}
    assert pages - {(INDEX.parent / link).resolve() for link in links} == {INDEX}
    assert "docs/README.md" in LINK.findall((paths.ROOT / "README.md").read_text())
