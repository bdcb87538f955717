"""``wait``: what ``--wait`` is for a change that another tool has made."""

import copy

import pytest

from formation_cli import completion, failures
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_pod
from tests.unit.cli import releases
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import Object, a_revision
from tests.unit.cli.typed import run

IMAGE, NEW = builders.IMAGE, "registry.example.com/shop:v2"
RUNNING: Object = {"state": "Running", "desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
CRASHING: Object = {**RUNNING, "state": "Crashing", "reason": "Exited", "message": "exited with code 3"}
SOON = "--timeout 1s"


def shop(web: Object = RUNNING, *, image: str = IMAGE, number: int = 7, seen: int = 2) -> Object:
    """Return the Formation whose web is so, and whose content is the revision of this number, or is new."""
    formation = builders.a_formation(image=image, processes={"web": builders.a_process(replicas=1)})
    kept = a_revision(number or 7, formation["spec"] if number else {**formation["spec"], "image": "old"})
    ready = web == RUNNING
    why = {"reason": "Running" if ready else "Exited", "message": "all process types run as declared"}
    return {
        **builders.stored(formation, generation=2),
        "status": {
            "observedGeneration": seen,
            "conditions": [{"type": "Ready", "status": str(ready), **why}],
            "processes": {"web": web},
            "revision": {"name": kept["metadata"]["name"], "number": kept["revision"], "ready": ready},
        },
    }


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[shop()], Pod=[a_pod()])


@pytest.mark.parametrize(
    "words", ["", f"--image {IMAGE}", "--revision 7", "--type web", f"--type web --image {IMAGE}"]
)
def test_it_ends_when_what_is_meant_runs_and_changes_nothing(cluster: FakeCluster, words: str) -> None:
    before = copy.deepcopy(cluster.objects)
    result = run(f"wait shop {words}")
    assert result.stderr.splitlines()[-1] == "shop: all process types run as declared"
    assert result.stdout == ""
    assert (cluster.objects, cluster.dry_runs) == (before, [])


@pytest.mark.parametrize("words", ["", f"--image {IMAGE}", "--revision 7"])
def test_it_ends_at_once_with_the_cause_if_the_rollout_has_failed(cluster: FakeCluster, words: str) -> None:
    cluster.objects[naming.KIND] = [shop(CRASHING)]
    lines = run(f"wait shop {words}", failures.FAILED).stderr.splitlines()
    assert lines[-1] == "Error: shop isn't ready, and waiting won't help. web: exited with code 3"


def test_it_ends_at_once_with_a_release_that_has_failed_and_shows_its_log(cluster: FakeCluster) -> None:
    cluster.objects |= {naming.KIND: [releases.shop("Failed")], "Pod": [releases.pod(builders.ended(3))]}
    cluster.logs = {f"{releases.JOB}-x7k2p": ["2026-11-26T09:00:01.000000001Z no database"]}
    stderr = run("wait shop", failures.FAILED).stderr
    assert "release.x7k2p | no database\n" in stderr
    assert f"waiting won't help. {releases.FAILS}\n" in stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"--image {NEW}", f"{NEW} isn't seen yet: shop declares {IMAGE}"),
        (f"--type web --image {NEW}", f"{NEW} isn't seen yet: shop declares {IMAGE}"),
        ("--revision 8", "Revision 8 isn't seen yet: shop declares revision 7"),
    ],
)
@pytest.mark.parametrize("web", [RUNNING, CRASHING], ids=["runs", "crashes"])
def test_a_version_that_is_not_declared_yet_is_neither_a_success_nor_a_failure(
    cluster: FakeCluster, words: str, said: str, web: Object
) -> None:
    cluster.objects[naming.KIND] = [shop(web)]
    stderr = run(f"wait shop {words} {SOON}", failures.TIMED_OUT).stderr
    assert stderr.splitlines()[-1] == f"Error: 1 s are over. {said}."
    assert stderr.splitlines()[1].split("   ")[-1].strip() == said


def test_a_version_that_is_declared_and_not_reported_yet_is_no_success(cluster: FakeCluster) -> None:
    cluster.objects[naming.KIND] = [shop(image=NEW, number=0, seen=1)]
    stderr = run(f"wait shop --image {NEW} {SOON}", failures.TIMED_OUT).stderr
    assert "Check that the operator runs" in stderr


def test_what_crashes_of_the_version_before_says_nothing_of_one_that_comes_meanwhile(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = shop(CRASHING, image=NEW, number=0)
    later["metadata"]["generation"] = 3  # of which the operator has said nothing yet
    found, answered = [shop()], cluster.get
    monkeypatch.setattr(cluster, "get", lambda kind, name: found.pop() if found else answered(kind, name))
    cluster.objects[naming.KIND] = [later]
    run(f"wait shop --image {NEW} {SOON}", failures.TIMED_OUT)


@pytest.mark.parametrize("web", [RUNNING, CRASHING])
def test_what_is_not_rolled_out_yet_will_get_the_next_number(cluster: FakeCluster, web: Object) -> None:
    cluster.objects[naming.KIND] = [shop(web, image=NEW, number=0)]
    run(f"wait shop --revision 8 {SOON}", 0 if web == RUNNING else failures.FAILED)
    run(f"wait shop --revision 7 {SOON}", failures.TIMED_OUT)


def test_a_type_is_waited_for_by_the_image_that_it_runs(cluster: FakeCluster) -> None:
    formation = shop()
    formation["spec"]["processes"]["web"]["image"] = NEW
    cluster.objects[naming.KIND] = [formation]
    run(f"wait shop --type web --image {NEW}")
    run(f"wait shop --type web --image {IMAGE} {SOON}", failures.TIMED_OUT)


@pytest.mark.parametrize(
    ("words", "own"), [(f"--image {IMAGE}", IMAGE), ("--revision 7", "revision 7")], ids=["image", "revision"]
)
def test_what_was_declared_and_is_not_any_more_is_overtaken(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, words: str, own: str
) -> None:
    cluster.objects[naming.KIND] = [shop(image=NEW, number=0)]
    found, answered = [shop(CRASHING)], cluster.get
    monkeypatch.setattr(cluster, "get", lambda kind, name: found.pop() if found else answered(kind, name))
    error, hint = run(f"wait shop {words} {SOON}", failures.OVERTAKEN).stderr.splitlines()[-2:]
    other = a_revision(0, shop(image=NEW)["spec"])["metadata"]["name"].removeprefix("shop-")[:7]
    both = f"shop declares revision {other} (image {NEW}) now, and not {own}."
    assert error == f"Error: Another deploy has overtaken this one: {both}"
    assert hint == "To wait for that one: kubectl formation wait shop"


def test_a_variable_that_goes_out_with_the_image_does_not_overtake_it(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = shop()
    later["spec"]["env"] = [{"name": "A", "value": "1"}]
    cluster.objects[naming.KIND] = [later]
    found, answered = [shop(CRASHING)], cluster.get
    monkeypatch.setattr(cluster, "get", lambda kind, name: found.pop() if found else answered(kind, name))
    run(f"wait shop --image {IMAGE}")
    assert found == [], "the first look was at what came before"


def test_what_is_not_there_or_no_type_is_said_at_once(cluster: FakeCluster) -> None:
    assert "Did you mean shop?" in run(f"wait shpo --image {NEW}", failures.NOT_FOUND).stderr
    assert "Did you mean web?" in run("wait shop --type wbe", failures.MISTYPED).stderr


def test_nothing_is_said_of_old_processes_where_it_is_not_known_which_are_old(cluster: FakeCluster) -> None:
    cluster.objects[naming.KIND] = [shop(CRASHING)]
    cluster.objects["Pod"] = [a_pod(labels={"formations.dev/process-type": "web"})]
    assert "Old processes" not in run("wait shop", failures.FAILED).stderr


def test_it_is_completed() -> None:
    assert completion.answer(["wait"], "sh")[0].startswith("shop")
    assert "--revision" in [line.partition("\t")[0] for line in completion.answer(["wait", "shop"], "--r")]
