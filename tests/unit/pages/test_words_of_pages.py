"""Words that pages quote exist: flags, metrics, reasons, Events, alerts, kinds and fields.

What belongs to others is in a table here. A word that no page quotes any more leaves it.
"""

import functools
import re
from typing import Any

import kubernetes.client
import pytest

from crds.generate import crd, snapshot
from formation_cli.command_table import ENTRIES
from hack.cluster import paths
from tests.shared import documents

OF_OTHERS = {"docs/dev/performance.md"}
"""A page that quotes other programs throughout; another test compares it with its table."""
HISTORY = "docs/decisions/"
"""A decision quotes what was there when it was made."""
QUOTE = re.compile("`([^`]+)`")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OURS = ("--", "formation-operator ", "kubectl formation ")
"""How a quote begins whose flags are our own, or are said to be another program's in the table."""
FIELD = re.compile(r"(?:spec|status)(?:\.[\w<>-]+(?:\[\d*\])?)+")
SHAPES = {"snake": re.compile(r"[a-z]+(?:_[a-z0-9]+)+"), "camel": re.compile(r"(?:[A-Z][a-z]+)+")}
METRIC = re.compile(r"^formation_operator_|_total$")
"""What the code doesn't write out of the name of a metric."""
OTHERS = {
    "flags": {
        *("--field-manager", "--force-conflicts"),  # kubectl's
        *("--set-json", "--take-ownership"),  # Helm's
        *("--graceful-timeout", "--preload"),  # of gunicorn
        "--target",  # of kubectl debug
        "--without-controllers",  # of the tests
    },
    "snake": {
        "process_cpu_seconds",
        "honor_labels",
        "lock_timeout",
        "pg_advisory_lock",
        *("pull_request", "pull_request_target", "resource_group"),  # of GitHub and GitLab
        "without_operator",
    },
    "camel": {
        *("ReadWriteMany", "ReadWriteOnce"),
        *("OutOfSync", "Synced"),  # of Argo CD
        "Controllers",  # of the tests
        "Unreleased",  # of the changelog
    },
}
VERSION = re.compile(r"^V\d(?:alpha\d|beta\d)?")
[SHOWN] = crd.build(snapshot.read())["spec"]["versions"]
SCHEMA: dict[str, Any] = SHOWN["schema"]["openAPIV3Schema"]


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
    """Return each word of our sources, and each type of Kubernetes' client."""
    files = [
        file for folder in ("operator", "crds", "manifests") for file in (paths.ROOT / folder).rglob("*.*")
    ]
    text = "\n".join(file.read_text() for file in files if file.suffix in {".py", ".yaml", ".json"})
    types = {VERSION.sub("", name) for name in dir(kubernetes.client)}
    return types.union(re.findall(r"[A-Za-z]\w*", text), FLAG.findall(text))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_name_that_a_page_quotes_is_ours_or_in_the_table(shape: str) -> None:
    found = {METRIC.sub("", quote) for quote in quotes() if SHAPES[shape].fullmatch(quote)}
    assert found & known()
    assert found - known() == OTHERS[shape]


def test_each_flag_that_a_page_quotes_is_ours_or_in_the_table() -> None:
    found = {flag for quote in quotes() if quote.startswith(OURS) for flag in FLAG.findall(quote)}
    assert found & known()
    assert found - known() == OTHERS["flags"]


def test_each_command_of_the_plugin_that_a_page_quotes_exists() -> None:
    called = {quote.split()[2] for quote in quotes() if quote.startswith("kubectl formation ")}
    assert called - {"--help", "COMMAND"} <= {*ENTRIES}


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
    assert {field for field in fields if not below(SCHEMA, re.sub(r"\[\d*\]", "", field).split("."))} == set()
