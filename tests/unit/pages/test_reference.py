"""The page that people look fields up in says what the CRD says."""

from crds.generate import __main__ as generator
from crds.generate.rules import table
from tests.unit import schemas, structural

PAGE = generator.REFERENCE.read_text()
EMBEDDED = {"podTemplate", "env", "envFrom", "resources", "release", "metrics", "behavior"}
"""Fields of Kubernetes' own types, which the page names and doesn't repeat."""


def is_ours(path: tuple[str, ...]) -> bool:
    """Tell whether a field is our own, and not one of an embedded type."""
    above = {*path[:-1]}
    return path[-1:] != ("*",) and not above & EMBEDDED and not any(name.endswith("Probe") for name in above)


def test_every_field_that_one_may_write_or_read_has_a_row() -> None:
    paths = [
        path
        for part in ("spec", "status")
        for path, _ in structural.nodes(schemas.FORMATION["properties"][part])
    ]
    fields = {path[-1] for path in paths if path and is_ours(path)}
    assert {name for name in fields if f"| `{name}` |" not in PAGE} == set()


def test_every_rule_is_among_what_is_refused() -> None:
    refused = PAGE.partition("## What is refused")[2]
    rules = [rule.says.replace("<", "&lt;") for _, rules in table.TABLE for rule in rules]
    assert [says for says in rules if "{" not in says and says not in refused] == []
