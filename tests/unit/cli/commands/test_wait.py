"""``wait``: what ``--wait`` is for a change that another tool has made."""

import pytest

from formation_cli import failures
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_pod
from tests.unit.cli import revisions
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import Object, a_revision
from tests.unit.cli.typed import run

IMAGE, NEW = builders.IMAGE, "registry.example.com/shop:v2"
RUNNING: Object = {"state": "Running", "desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
CRASHING: Object = {**RUNNING, "state": "Crashing", "reason": "Exited", "message": "exited with code 3"}
SOON = "--timeout 1s"


def shop(web: Object = RUNNING, *, image: str = IMAGE, number: int = 7) -> Object:
    """Return the Formation whose web is so, and whose content is the revision of this number, or is new."""
    spec = builders.a_formation(image=image, processes={"web": builders.a_process(replicas=1)})["spec"]
    kept = a_revision(number or 7, spec if number else {**spec, "image": "old"})
    ready = web == RUNNING
    found = revisions.shop(kept, spec, ready=ready)
    why = {"reason": "Running" if ready else "Exited", "message": "all process types run as declared"}
    conditions = [{"type": "Ready", "status": str(ready), **why}]
    found["status"] |= {"observedGeneration": 1, "conditions": conditions, "processes": {"web": web}}
    return found


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[shop()], Pod=[a_pod()])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"--image {NEW}", f"{NEW} isn't seen yet: shop declares {IMAGE}"),
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


def test_what_is_not_there_or_no_type_is_said_at_once(cluster: FakeCluster) -> None:
    assert "Did you mean shop?" in run(f"wait shpo --image {NEW}", failures.NOT_FOUND).stderr
    assert "Did you mean web?" in run("wait shop --type wbe", failures.MISTYPED).stderr
