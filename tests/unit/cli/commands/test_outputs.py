"""What commands print for programs."""

import json
import re
from typing import Any

import pytest
import yaml
from click.testing import Result

from formation_cli import failures
from formation_cli.cluster import kinds
from formation_operator.api import naming
from tests.shared import builders
from tests.unit.cli import typed
from tests.unit.cli.deployments import a_deployment
from tests.unit.cli.fake_cluster import FakeCluster

MANAGED = [{"manager": "somebody", "operation": "Update"}]
SHOP = builders.stored(builders.a_formation(), managedFields=MANAGED)
WORKER = a_deployment()
WORKER["metadata"]["managedFields"] = MANAGED
EVENT = {
    "metadata": {"name": "shop.1", "managedFields": MANAGED},
    "regarding": {"kind": "Formation", "name": "shop"},
}
FORMATION = "formation.formations.dev/shop"
CHANGES = {
    "deploy shop --image registry.example.com/shop:v2": FORMATION,
    "stop shop": FORMATION,
    "start shop": FORMATION,
    "restart shop": "deployment.apps/shop-worker",
    "run shop --detach -- /shop migrate": "job.batch/shop-run-x7k2p",
}
"""What is typed, and the name of what it writes."""


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    monkeypatch.setattr("secrets.token_hex", lambda _: "x7k2p")
    return FakeCluster(Formation=[SHOP], Deployment=[WORKER], Event=[EVENT])


def run(words: str, more: str = "", code: int = 0) -> Result:
    """Run a command with more options, which come before the command that it starts."""
    before, dashes, command = words.partition(" -- ")
    return typed.run(f"{before} {more} {dashes} {command}", code)


def mistyped(words: str) -> int:
    """Return the exit code of a command that is mistyped."""
    return failures.OURS if words.startswith("run") else failures.MISTYPED


@pytest.mark.parametrize(
    ("words", "name"), [*CHANGES.items(), ("scale shop worker=3", FORMATION), ("ps", FORMATION)]
)
def test_a_name_is_one_that_kubectl_takes(words: str, name: str) -> None:
    assert run(words, "-o name").stdout == f"{name}\n"


@pytest.mark.parametrize(
    "words", [*CHANGES, "scale shop worker=3", "scale shop", "ps", "ps shop", "top shop", "events shop"]
)
def test_json_and_yaml_say_the_same_without_who_owns_which_field(words: str) -> None:
    as_json, as_yaml = (run(words, f"-o {form}").stdout for form in ("json", "yaml"))
    assert re.sub("[0-9:-]{8,}T?", "", str(json.loads(as_json))) == re.sub(
        "[0-9:-]{8,}T?", "", str(yaml.safe_load(as_yaml))
    )
    assert "managedFields" not in as_json


def test_what_was_written_is_printed_as_the_api_server_has_it() -> None:
    assert json.loads(run("stop shop", "-o json").stdout)["spec"]["suspend"] is True


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("run shop --timeout 0 -- /shop migrate", "leave it out for no limit"),
        ("run shop worker -- /shop migrate", "'worker' is before --"),
        ("deploy shop --image=none", "none isn't an image"),
        ("port-forward shop abc", "'abc' is not a valid port"),
        ("port-forward shop 9000:", "'' is not a valid port"),
        ("stop shop --process run.x7k2p --wait", "leave it out"),
        ("ps shop -A", "leave out the name"),
        ("scale shop worker=3 --dry-run=yes", "'yes' is not one of"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_is_done(words: str, why: str) -> None:
    assert why in run(words, code=mistyped(words)).stderr


@pytest.mark.parametrize(
    "words",
    [
        "scale shop --dry-run worker=3",
        "deploy shop --image x --dry-run=server",
        "restart --dry-run=client shop",
    ],
)
def test_whoever_only_wants_to_know_is_told_and_changes_nothing(cluster: FakeCluster, words: str) -> None:
    assert run(words, "--wait").stdout.endswith(" (dry run)\n")
    assert cluster.dry_runs == [True]


def test_a_dry_run_that_is_none_is_a_change(cluster: FakeCluster) -> None:
    assert run("stop shop --dry-run=none").stdout == "shop: stopped\n"
    assert cluster.dry_runs == [False]


def test_a_job_may_be_seen_before_it_is_made(cluster: FakeCluster) -> None:
    made = run("run shop --dry-run -o yaml -- /shop migrate")
    assert yaml.safe_load(made.stdout)["metadata"]["name"] == "shop-run-x7k2p"
    assert made.stderr == "Nothing was made (dry run).\n"
    assert kinds.JOB not in cluster.objects


@pytest.mark.parametrize("words", ["restart shop %s", "logs shop %s"])
def test_a_type_is_typed_as_an_argument_or_as_an_option(words: str) -> None:
    for types in ("worker wrker", "worker --type wrker", "--type worker --type wrker"):
        assert "There is no process type wrker.\nDid you mean worker?" in run(words % types, code=2).stderr


@pytest.mark.parametrize("words", ["scale shop worker=3", "deploy shop --image x", "stop shop"])
def test_who_changes_what_is_paused_is_told(cluster: FakeCluster, words: str) -> None:
    cluster.objects[naming.KIND] = [builders.stored(builders.a_formation(paused=True))]
    assert "spec.paused is true" in run(words).stderr


@pytest.mark.parametrize("words", [each for each in CHANGES if not each.startswith("run")])
def test_how_long_to_wait_says_nothing_without_wait(words: str) -> None:
    assert "add --wait" in run(words, "--timeout 1m", failures.MISTYPED).stderr


@pytest.mark.parametrize(
    ("state", "option", "said"),
    [
        (builders.waiting(""), "--tail=1", "No process has started: kubectl formation ps shop"),
        (builders.running(), "--type=run", "No process of run has started, or is still kept."),
        (builders.running(), "--previous", "None of these processes was restarted."),
    ],
)
def test_logs_without_a_line_say_why(
    cluster: FakeCluster, state: dict[str, Any], option: str, said: str
) -> None:
    cluster.objects[kinds.POD] = [builders.a_pod(builders.a_container(state))]
    result = run("logs shop", option)
    assert said in result.stderr
    assert result.stdout == ""


def test_the_output_of_a_command_is_its_own() -> None:
    stderr = run("run shop -- /shop migrate", "-o json", failures.OURS).stderr
    assert "leave out --output" in stderr


@pytest.mark.parametrize("words", ["ps", "ps shop", "top shop", "events shop"])
def test_a_table_that_goes_on_has_no_other_form(words: str) -> None:
    run(words, "--watch -o json", failures.MISTYPED)


@pytest.mark.parametrize("words", [*CHANGES, "ps shop", "logs shop", "rollback shop", "scale shop worker=3"])
@pytest.mark.parametrize("name", ["", " ", "formation/"])
def test_an_empty_name_of_a_formation_is_refused_before_anything_is_done(
    cluster: FakeCluster, words: str, name: str
) -> None:
    stderr = typed.run(words.replace(" shop", f" '{name}'"), mistyped(words)).stderr
    assert "it names no Formation" in stderr
    assert cluster.dry_runs == []
