"""What pages say of the operator is so: flags, Events, and what restarts a process."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest

from formation_cli.cluster import kinds
from formation_cli.command_table import ENTRIES
from formation_cli.commands.config import prune
from formation_cli.program import program
from formation_cli.views import history, processes
from formation_operator.api.formation import ProcessType
from formation_operator.command_line import parser
from tests import builders
from tests.cluster import build, paths
from tests.faults.table import FAULTS
from tests.kustomization import built, load
from tests.unit.facts import intents, parsed

DOCS = paths.ROOT / "docs"
EVERYDAY, ADMINISTER, OWNERSHIP, OPERATING, INSTALL, CONFIG, CLI, FAULTY = (
    (DOCS / name).read_text()
    for name in (
        "how-to/everyday.md",
        "how-to/administer.md",
        "ownership.md",
        "operating.md",
        "how-to/install.md",
        "how-to/config.md",
        "cli.md",
        "faults.md",
    )
)
NOTICE = re.compile(r'\bNotice\(\s*(?:reason=)?"(\w+)"')
OTHER: dict[str, Any] = {
    "command": ["/other"],
    "args": ["--other"],
    "image": "registry.example.com/other:v1",
    "replicas": 5,
    "port": 9000,
    "service": False,
    "env": [{"name": "OTHER", "value": "1"}],
    "envFrom": [{"configMapRef": {"name": "other"}}],
    "resources": {"requests": {"cpu": "100m"}},
    "livenessProbe": {"exec": {"command": ["true"]}},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "startupProbe": {"exec": {"command": ["true"]}},
    "terminationGracePeriodSeconds": 7,
    "minReadySeconds": 7,
    "progressDeadlineSeconds": 7,
    "rollingUpdate": {"maxSurge": 1},
    "singleton": True,
    "disruptionBudget": {},
    "securityDefaults": "none",
    "podTemplate": {"metadata": {"labels": {"team": "shop"}}},
}
"""A value of each field that a type of ours doesn't have."""


def templates(**shop: Any) -> list[str]:
    """Return the Pods that a Formation asks for."""
    made = intents(parsed(builders.a_formation(**shop)))
    return [
        json.dumps(each.manifest["spec"]["template"]) for each in made if "template" in each.manifest["spec"]
    ]


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = page.partition(f"# {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]


def said_to_restart(field: str) -> bool:
    (says,) = {
        cells[1].strip() for cells in rows(EVERYDAY, "What restarts a process") if f"`{field}`" in cells[0]
    }
    return not says.startswith("nothing")


@pytest.mark.parametrize("field", [item.alias for item in ProcessType.model_fields.values()])
def test_a_change_of_a_field_restarts_a_process_where_the_page_says_so(field: str) -> None:
    web = builders.a_process("/shop", "web", port=8080)
    restarts = templates(processes={"web": web}) != templates(processes={"web": {**web, field: OTHER[field]}})
    assert restarts == said_to_restart(field)


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_of_the_spec_restart_nothing(field: str) -> None:
    assert templates(**{field: {"team": "shop"}}) == templates()
    assert not said_to_restart(field)


def test_each_flag_is_explained_with_its_default() -> None:
    explained = {cells[0]: cells[2] for cells in rows(ADMINISTER, "Flags")}
    for action in parser()._actions:  # noqa: SLF001  # argparse has no other way to ask
        flag = action.option_strings[-1]
        if flag in {"--help", "--version"}:
            continue
        (default,) = (text for cell, text in explained.items() if re.search(f"`{flag}[ `]", cell))
        if isinstance(action.default, int | float | str) and not isinstance(action.default, bool):
            assert str(action.default).removesuffix(".0") in default


def test_what_has_to_follow_another_lease_or_none_has_its_name_on_the_page() -> None:
    role, _ = load(paths.ROOT / "manifests" / "rbac" / "lease.yaml")
    names = [role["metadata"]["name"], *role["rules"][0]["resourceNames"]]
    said = OPERATING.partition("`--lease NAMESPACE/NAME`")[2].partition("\n#")[0]
    assert [name for name in names if f"`{name}`" not in said] == []


def test_each_event_of_the_operators_own_is_explained() -> None:
    sources = (paths.ROOT / "operator" / "formation_operator").rglob("*.py")
    told = {reason for file in sources for reason in NOTICE.findall(file.read_text())}
    assert told >= {"DriftRepaired", "Recreated", "ScaleHonoured"}
    assert {reason for reason in told if f"`{reason}`" not in OWNERSHIP} == set()


def test_each_kind_that_is_installed_is_named_where_the_page_says_what_is_installed() -> None:
    installed = {each["kind"] for folder in ("crds", "manifests") for each in built(paths.ROOT / folder)}
    cells = rows(INSTALL, "What is installed")
    named = {word for cell in cells for word in re.findall(r"\b[A-Z]\w+[a-z]\b", cell[1])}
    assert named >= installed
    assert {each.removesuffix("s") for each in named} - installed == {"Formation", "Lease"}


def help_of(*words: str) -> str:
    """Return the help of a command as one line."""
    command: click.Command | None = program
    context = click.Context(program)
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(context, word)
    assert command is not None
    return " ".join(command.get_help(context).split())


def test_what_may_use_a_secret_is_named_where_unused_ones_are_deleted() -> None:
    said = {kinds.CONTROLLER_REVISION: "revision"}
    for text in (help_of("config", "prune"), CONFIG.partition("## Clean up")[2]):
        assert [kind for kind in prune.HOLDERS if said.get(kind, kind) not in text] == []


def test_each_state_of_a_revision_is_in_the_help_of_history() -> None:
    states = (history.RUNS, history.RAN, history.KEPT, history.FOREIGN, history.UNRELEASED)
    assert [state for state in states if state not in help_of("history")] == []


def test_each_state_that_ps_has_beside_those_of_the_status_is_on_its_page() -> None:
    states = (processes.STOPPING, processes.SUCCEEDED, processes.FAILED)
    _, _, after = CLI.partition("`ps` adds")
    assert [state for state in states if f"`{state}`" not in after.partition(".")[0]] == []


def test_each_fault_that_is_tried_has_its_figures_on_the_page() -> None:
    assert [cells[0].strip() for cells in rows(FAULTY, "What was seen")] == [each.name for each in FAULTS]


BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"\n\n|(?<=\.)\s+(?=[A-Z])|\n(?=[-|])")
QUOTED = re.compile("`([^`]+)`")
COMMANDS = {"kubectl", "helm", "make", *ENTRIES}
STANDS_FOR = re.compile(r"[:()]|\b[A-Z]{2,}\b|\b[0-9][0-9.]*")
"""What a line has another text for each time, or between parts that the operator puts together."""


def quoted_lines(page: str) -> Iterator[str]:
    """Yield what a page quotes of the log: beside the word, or in a table of lines; several words each."""
    for sentence in SENTENCE.split(BLOCK.sub("", page)):
        if re.search(r"\blog\b", sentence):
            yield from (" ".join(quote.split()) for quote in QUOTED.findall(sentence))
    for table in page.split("\n\n"):
        if table.startswith("| line |"):
            yield from QUOTED.findall("\n".join(line.split("|")[1] for line in table.splitlines()))


def test_each_line_of_the_log_that_a_page_quotes_is_one_that_the_operator_writes() -> None:
    sources = (paths.ROOT / "operator" / "formation_operator").rglob("*.py")
    nodes = (node for file in sources for node in ast.walk(ast.parse(file.read_text())))
    texts = "\n".join(str(node.value) for node in nodes if isinstance(node, ast.Constant))
    quotes = {
        quote
        for page in DOCS.rglob("*.md")
        for quote in quoted_lines(page.read_text())
        if " " in quote and not quote.startswith("-") and quote.split()[0] not in COMMANDS
    }
    assert quotes >= {"This replica writes nothing:", "The cluster can't be listed yet"}
    parts = {part.strip() for quote in quotes for part in STANDS_FOR.split(quote)}
    assert {part for part in parts if part not in texts} == set()


def test_the_badge_and_the_table_name_the_minors_that_are_pinned_for_the_tests() -> None:
    pinned = re.search(r"k8s\.io/kubernetes v(\d+\.\d+)", (paths.MODULES / "kubernetes/go.mod").read_text())
    assert pinned
    tested = f"Kubernetes {', '.join([pinned[1], *reversed(build.older())])}"
    badge = (DOCS / "tried.svg").read_text()
    table = (DOCS / "compatibility.md").read_text()
    assert f"<title>tested on {tested}</title>" in badge
    assert f">{tested}</text>" in badge
    assert f"![tested on {tested}](tried.svg)" in table
    assert f"| {tested} | tested |" in table
