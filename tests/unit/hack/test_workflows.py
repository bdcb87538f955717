"""The workflows of `.github`: what they may do, and that whoever has no GitHub can do the same by make."""

import pathlib
import re
from typing import Any

import pytest

from crds.generate.pictures import badge
from hack.cluster import paths
from tests.shared import documents, pipelines

FOLDER = paths.ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"^\s*- uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
MAKE = re.compile(r"(printenv [A-Z_]+ \| )?make (?P<target>[a-z-]+)( [A-Z_]+=\S+)*")
MACHINE = re.compile(r"(apt-get|git config) .*")
"""What makes a new machine like that of whoever has made a release before."""
CHARACTERS_OF_A_SHELL = re.compile(r"[;&<>`()]|\$\{")


@pytest.fixture(params=FILES, ids=lambda file: file.name)
def file(request: pytest.FixtureRequest) -> pathlib.Path:
    """Each workflow."""
    return pathlib.Path(request.param)


@pytest.fixture
def workflow(file: pathlib.Path) -> dict[Any, Any]:
    """What a workflow says."""
    return pipelines.load(file)


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return all steps of a workflow."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("file", [*FILES, *pipelines.GITHUB], ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit_beside_its_version(file: pathlib.Path) -> None:
    used = [line for line in file.read_text().splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []


def test_every_step_is_a_target_of_make_or_prepares_the_machine(workflow: dict[Any, Any]) -> None:
    for command in [step["run"] for step in steps(workflow) if "run" in step]:
        assert not CHARACTERS_OF_A_SHELL.search(command)
        made = MAKE.fullmatch(command)
        assert made or MACHINE.fullmatch(command), command
        assert made is None or made["target"] in documents.targets()


def test_a_workflow_may_read_the_sources_and_a_release_writes_its_draft(
    workflow: dict[Any, Any], file: pathlib.Path
) -> None:
    assert workflow["permissions"] in ({}, {"contents": "read"})
    given = [job["permissions"] for job in workflow["jobs"].values() if "permissions" in job]
    assert given == ([{"contents": "write"}] if file.name == "release.yml" else [])


def test_no_step_leaves_the_token_of_the_checkout_behind(workflow: dict[Any, Any]) -> None:
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_secret_reaches_the_one_step_that_needs_it(workflow: dict[Any, Any]) -> None:
    above = {**workflow, "jobs": [{**job, "steps": []} for job in workflow["jobs"].values()]}
    assert "secrets." not in str(above)


def test_a_job_that_hangs_is_ended(workflow: dict[Any, Any]) -> None:
    assert all(0 < job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())


def test_the_demo_runs_on_kind_on_each_minor_that_is_pinned_for_the_tests() -> None:
    text = (FOLDER / "kind.yml").read_text()
    minors = re.findall(r"kindest/node:v(\d+\.\d+)\.\d+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert badge.tested() == f"Kubernetes {', '.join(minors)}"
