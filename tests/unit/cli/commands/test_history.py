"""``history`` and ``diff --revision``, as they are typed."""

import json
import re
import time

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from formation_cli import completion, failures
from formation_operator.api import content, naming
from formation_operator.kube.objects import deploys
from formation_operator.kube.objects.deploys import Deploy, End
from tests.shared import builders
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import Object, a_revision, noted, ran, shop
from tests.unit.cli.typed import run

V1: Object = {"image": "shop:v1", "processes": {"web": {"replicas": 2}, "worker": {}}}
V2: Object = {**V1, "image": "shop:v2", "env": [{"name": "TOKEN", "value": "hunter2"}]}
V3: Object = {**V2, "processes": {"web": {"replicas": 5, "env": [{"name": "LOG_LEVEL"}]}}}
KEPT = [a_revision(6, V2, ago=7200), a_revision(7, V3), a_revision(5, V1, ago=86400)]
FORGED = [a_revision(7, V1, name="evil"), a_revision(8, V1, owners=[])]


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    monkeypatch.setattr(time, "time", lambda: builders.NOW)
    return FakeCluster(Formation=[shop(KEPT[1], V3)], ControllerRevision=[*KEPT, *FORGED])


def test_each_revision_says_what_it_changed_and_whether_it_ran_well_and_what_is_forged(
    cluster: FakeCluster, snapshot: SnapshotAssertion
) -> None:
    assert run("history shop").stdout == snapshot
    cluster.objects["ControllerRevision"] = [*KEPT[:2], ran(KEPT[2])]
    assert json.loads(run("history shop -o json").stdout) == snapshot(name="json")


@pytest.mark.parametrize("words", ["history shop", "rollback shop", "diff shop", "wait shop --revision"])
def test_the_key_tab_completes_revisions_the_newest_first(cluster: FakeCluster, words: str) -> None:
    cluster.objects["ControllerRevision"] = [*KEPT, a_revision(0, V1)]
    assert completion.answer(words.split(), "") == ["7", "6", "5", ":4"]


def test_names_are_those_of_revisions_alone() -> None:
    names = [f"controllerrevision.apps/{KEPT[place]['metadata']['name']}" for place in (2, 0, 1)]
    assert run("history shop -o name").stdout.splitlines() == names


PENDING = a_revision(0, {**V3, "image": "shop:v4"})
DIGEST = PENDING["metadata"]["name"].removeprefix("shop-")[:7]


def test_a_content_that_is_not_rolled_out_is_shown_as_that_and_has_no_number(cluster: FakeCluster) -> None:
    cluster.objects["ControllerRevision"] = [PENDING, *KEPT]
    row = run("history shop").stdout.splitlines()[-1]
    assert re.split(" {3,}", row) == [DIGEST, "60s", "Not rolled out", "-", "image shop:v2 -> shop:v4", "-"]
    assert json.loads(run("history shop -o json").stdout)[-1]["state"] == "Not rolled out"
    for words in ("history shop 0", "rollback shop --to 0", "diff shop --revision 0"):
        assert "There is no revision 0." in run(words, failures.MISTYPED).stderr
    cluster.objects["ControllerRevision"] = [ran(PENDING), KEPT[1], ran(KEPT[0])]
    assert run("rollback shop --dry-run").stdout.startswith("revision 6: ")


@pytest.mark.parametrize("letters", [7, 9, 32])
def test_what_has_no_number_is_called_by_the_beginning_of_its_digest(
    cluster: FakeCluster, letters: int
) -> None:
    cluster.objects["ControllerRevision"] = [PENDING, *KEPT]
    word = PENDING["metadata"]["name"].removeprefix("shop-")[:letters]
    assert yaml.safe_load(run(f"history shop {word}").stdout) == PENDING["data"]
    difference = run(f"diff shop --revision {word}", failures.FAILED)
    assert f"+++ shop as in revision {DIGEST}" in difference.stdout
    back = run(f"rollback shop --to {word} --dry-run").stdout
    assert back == f"revision {DIGEST}: image shop:v2 -> shop:v4 (dry run)\n"


def test_one_of_an_earlier_formation_that_ran_well_there_says_so_and_has_to_be_named(
    cluster: FakeCluster,
) -> None:
    cluster.objects["ControllerRevision"] = [ran(a_revision(0, V2)), a_revision(0, V1), KEPT[1]]
    rows = [row.split(maxsplit=2) for row in run("history shop").stdout.splitlines()[1:]]
    states = {row[0]: row[2].split("   ")[0] for row in rows}
    digests = [content.digest_of(content.content_of(each))[:7] for each in (V1, V2)]
    assert states == {"7": "Runs", digests[0]: "Not rolled out", digests[1]: "Ran"}
    stderr = run("rollback shop", failures.FAILED).stderr
    assert "No other revision of shop is known to have run well" in stderr


MANY = [a_revision(0, {**V1, "image": f"shop:v{number}"}) for number in range(40)]


def test_a_word_that_several_begin_with_is_refused_with_their_names(cluster: FakeCluster) -> None:
    letters = [each["metadata"]["name"].removeprefix("shop-")[0] for each in MANY]
    first = next(each for each in letters if each.isalpha() and letters.count(each) > 1)
    cluster.objects["ControllerRevision"] = MANY
    stderr = run(f"rollback shop --to {first}", failures.MISTYPED).stderr
    assert f"Several objects are called {first}: shop-{first}" in stderr


def test_a_short_number_is_never_taken_for_a_digest(cluster: FakeCluster) -> None:
    one = next(each for each in MANY if each["metadata"]["name"].removeprefix("shop-")[0].isdecimal())
    number = one["metadata"]["name"].removeprefix("shop-")[0]
    cluster.objects["ControllerRevision"] = [one]
    assert f"There is no revision {number}." in run(f"rollback shop --to {number}", failures.MISTYPED).stderr
    stderr = run("rollback shop --to ''", failures.MISTYPED).stderr
    assert "The revision is empty: type its number." in stderr


def logged(revision: Object, *log: Deploy) -> Object:
    """Return a revision with a log of its deploys."""
    return noted(revision, naming.DEPLOYS_ANNOTATION, deploys.text(log))


A_B_A = [
    logged(
        ran(a_revision(3, V1)),
        Deploy(1, builders.ago(7200), "ci", "the first", End.RAN),
        Deploy(3, builders.ago(60), "formation-cli"),
    ),
    logged(a_revision(2, V2), Deploy(2, builders.ago(600), "ci", "a token")),
    logged(a_revision(0, V3), Deploy(0, builders.ago(300), "ci", "fewer", End.FAILED)),
]


def test_a_b_a_are_three_lines_with_numbers_of_their_own_and_a_failed_try_is_one_without(
    cluster: FakeCluster, snapshot: SnapshotAssertion
) -> None:
    cluster.objects["Formation"] = [shop(A_B_A[0], V1)]
    cluster.objects["ControllerRevision"] = A_B_A
    assert run("history shop").stdout == snapshot
    assert json.loads(run("history shop -o json").stdout) == snapshot(name="json")
    assert len(run("history shop -o name").stdout.splitlines()) == 3


@pytest.mark.parametrize("number", [1, 3])
def test_each_number_of_the_log_names_its_content(cluster: FakeCluster, number: int) -> None:
    cluster.objects["Formation"] = [shop(A_B_A[1], V2)]
    cluster.objects["ControllerRevision"] = A_B_A
    assert yaml.safe_load(run(f"history shop {number}").stdout) == A_B_A[0]["data"]
    back = run(f"rollback shop --to {number} --dry-run").stdout
    assert back == f"revision {number}: image shop:v2 -> shop:v1; env TOKEN (dry run)\n"
    assert "These are kept: 1, 2, 3, " in run("rollback shop --to 9", failures.MISTYPED).stderr


def test_a_failed_try_under_way_is_the_last_line_and_says_so(cluster: FakeCluster) -> None:
    tried = shop(A_B_A[0], V3)
    tried["status"] |= {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "False"}]}
    tried["status"]["canary"] = {"state": "Failed"}
    cluster.objects["Formation"] = [tried]
    cluster.objects["ControllerRevision"] = [
        logged(a_revision(0, V3), Deploy(0, builders.ago(5))),
        *A_B_A[:2],
    ]
    row = re.split(" {3,}", run("history shop").stdout.splitlines()[-1])
    assert row[1:3] == ["5s", "Failed as canary"]


def test_a_number_that_is_no_revisions_is_refused(snapshot: SnapshotAssertion) -> None:
    assert [run(f"history shop {number}", failures.MISTYPED).stderr for number in (4, 8)] == snapshot


def test_where_none_is_kept_that_is_said(cluster: FakeCluster) -> None:
    cluster.objects["ControllerRevision"] = []
    result = run("history shop")
    assert result.stdout == ""
    assert "shop has no revision. The operator keeps one with each deploy" in result.stderr
    assert run("history shop -o json").stdout == "[]\n"


def test_what_is_declared_and_not_rolled_out_yet_is_said(cluster: FakeCluster) -> None:
    assert run("history shop").stderr == ""
    cluster.objects["Formation"] = [shop(KEPT[1], {**V3, "image": "shop:v4"})]
    assert "isn't rolled out yet" in run("history shop").stderr


def test_a_difference_to_a_revision_is_what_going_back_would_change(snapshot: SnapshotAssertion) -> None:
    result = run("diff shop --revision 6", failures.FAILED)
    assert [result.stdout, result.stderr] == snapshot


def test_without_a_difference_it_ends_well(cluster: FakeCluster) -> None:
    assert run("diff shop --revision 7").output == ""
    assert run("diff shop --revision 6 -o name", failures.FAILED).stdout == "formation.formations.dev/shop\n"
    missing = run("diff shop --revision 4", failures.MISTYPED)
    assert missing.stdout == ""
    assert "takes the next number" in missing.stderr


@pytest.mark.parametrize(
    "words", ["", "shop", "--revision 7", "shop -f x.yaml", "shop --revision 7 -f x.yaml"]
)
def test_a_manifest_or_a_revision_is_said(words: str) -> None:
    assert "Use -f FILE, or NAME REVISION." in run(f"diff {words}", failures.MISTYPED).stderr
