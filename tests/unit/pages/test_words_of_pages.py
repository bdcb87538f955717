"""What pages quote exists: flags, commands and fields.

Flags of others are in a table here. One that no page quotes any more leaves it.
"""

import functools
import re
from typing import Any

from hack.cluster import paths
from tests.shared import documents
from tests.unit.schemas import FORMATION

OF_OTHERS = {"docs/dev/performance.md"}
"""A page that quotes other programs throughout; another test compares it with its table."""
HISTORY = "docs/decisions/"
"""A decision quotes what was there when it was made."""
QUOTE = re.compile("`([^`]+)`")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OURS = ("--", "formation-operator ", "kubectl formation ")
"""How a quote begins whose flags are our own, or are said to be another program's in the table."""
FIELD = re.compile(r"(?:spec|status)(?:\.[\w<>-]+(?:\[\d*\])?)+")
OTHERS = {
    *("--field-manager", "--force-conflicts"),  # kubectl's
    *("--set-json", "--take-ownership"),  # Helm's
    *("--graceful-timeout", "--preload"),  # of gunicorn
    "--target",  # of kubectl debug
    "--without-controllers",  # of the tests
}


@functools.cache
def quotes() -> list[str]:
    """Return each quote in the text of a page, but for what is about others or about the past."""
    return [
        " ".join(quote.split())
        for page in documents.PAGES
        if documents.name_of(page) not in OF_OTHERS and not documents.name_of(page).startswith(HISTORY)
        for quote in QUOTE.findall(documents.BLOCK.sub("", page.read_text()))
    ]


@functools.cache
def known() -> set[str]:
    """Return each flag in our sources."""
    files = [
        file for folder in ("operator", "crds", "manifests") for file in (paths.ROOT / folder).rglob("*.*")
    ]
    return {
        flag
        for file in files
        if file.suffix in {".py", ".yaml", ".json"}
        for flag in FLAG.findall(file.read_text())
    }


def test_each_flag_that_a_page_quotes_is_ours_or_in_the_table() -> None:
    found = {flag for quote in quotes() if quote.startswith(OURS) for flag in FLAG.findall(quote)}
    assert found & known()
    assert found - known() == OTHERS


def below(schema: dict[str, Any], steps: list[str]) -> bool:
    """Tell whether a schema has a field at the end of some steps."""
    if not steps or schema.get("x-kubernetes-preserve-unknown-fields"):
        return True
    (first, *rest) = steps
    if "items" in schema:
        return below(schema["items"], steps)
    if "additionalProperties" in schema:
        return below(schema["additionalProperties"], rest)
    inner = schema.get("properties", {}).get(first)
    return inner is not None and below(inner, rest)


def test_each_field_of_a_formation_that_a_page_quotes_is_in_the_schema() -> None:
    fields = {quote for quote in quotes() if FIELD.fullmatch(quote)}
    assert len(fields) > 10
    assert {
        field for field in fields if not below(FORMATION, re.sub(r"\[\d*\]", "", field).split("."))
    } == set()
