"""What is said beside a way back: what it restarts, and which release goes on."""

from typing import Any

import pytest

from formation_cli import failures
from formation_cli.commands import waiting
from formation_operator.api import content, naming
from formation_operator.api.formation import FormationSpec
from formation_operator.api.release_key import release_key
from tests.shared import builders
from tests.unit.cli import releases
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import R1, R2, V2, WEB, Object, a_revision, shop
from tests.unit.cli.typed import run
from tests.unit.cli.waits import Waits

GOING = "Going back to revision 1 (image shop:v1)"
RESTARTED = "web: the processes are restarted, unless they run this already"


@pytest.mark.parametrize("kept", [[R1, R2], [R1]], ids=["it is kept", "else from what is declared"])
def test_going_back_further_than_to_what_runs_restarts_what_differs_from_that(
    cluster: FakeCluster, kept: list[Object]
) -> None:
    cluster.objects |= {naming.KIND: [shop(R2, {**V2, "image": "shop:v3"})], "ControllerRevision": kept}
    assert RESTARTED in run("rollback shop --to 1").stderr.splitlines()


def test_a_difference_to_a_revision_that_runs_restarts_nothing(cluster: FakeCluster) -> None:
    cluster.objects |= {naming.KIND: [shop(R1, V2)], "ControllerRevision": [R1]}
    result = run("diff shop --revision 1", failures.FAILED)
    assert result.stderr == "revision 1: image shop:v2 -> shop:v1; clock is new; worker is gone\n"


def rolled_out(web: Object, **spec: Any) -> Object:
    formation = shop(R2, {**V2, **spec})
    return {**formation, "status": {**formation["status"], "processes": {"web": web}}}


NONE: Object = {**V2["processes"], "web": {**WEB, "replicas": 0}}


@pytest.mark.parametrize("spec", [{"suspend": True}, {"processes": NONE}], ids=["stopped", "no process"])
def test_where_no_process_runs_none_is_said_to_be_restarted(cluster: FakeCluster, spec: Object) -> None:
    cluster.objects[naming.KIND] = [rolled_out({"state": "Suspended", "desiredReplicas": 0}, **spec)]
    cluster.objects["ControllerRevision"] = [R1]
    assert "web:" not in run("rollback shop --to 1").stderr


MIGRATE: Object = {"command": ["migrate"]}
OLD, NEW = ({"image": f"shop:v{each}", "release": MIGRATE, "processes": {"web": WEB}} for each in (1, 2))
JOB = "shop-release-b"
STILL_RUNS = f"The release command of an earlier deploy still runs, in Job {JOB}. To end it:"


def migrating(cluster: FakeCluster, **job: Any) -> None:
    """Have the release of the second version run, while the first one is rolled out."""
    found = builders.a_release_job(digest=content.digest_of(content.content_of(NEW)), name=JOB, **job)
    first = a_revision(1, OLD)
    cluster.objects |= {
        naming.KIND: [shop(first, NEW, ready=True)],
        "ControllerRevision": [first],
        "Pod": [releases.pod(job=JOB)],
        "Job": [found],
    }


def test_a_rollback_beside_a_release_that_runs_names_its_job_and_the_command_that_ends_it(
    cluster: FakeCluster, waits: Waits
) -> None:
    waits.ends = [None]
    migrating(cluster)
    said = f"{STILL_RUNS} kubectl formation -n demo stop shop --process {JOB}"
    assert run("-n demo rollback shop --to 1 --dry-run").stderr.splitlines() == [said]
    assert run("-n demo rollback shop --to 1 --wait").stderr.splitlines() == [GOING, said]
    assert said in run("-n demo rollback shop --to 1").stderr.splitlines()  # it is back already


@pytest.mark.parametrize("end", [failures.TimedOut("60 s are over."), waiting.NotReady("web: no")])
@pytest.mark.parametrize("ends", [[], ["and back"]], ids=["it comes back", "it doesn't"])
def test_a_hung_migration_is_said_at_the_end_of_a_deploy_that_went_back_from_it(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, end: failures.Failure, ends: list[str]
) -> None:
    first = a_revision(1, OLD)
    cluster.objects |= {naming.KIND: [shop(first, OLD, ready=True)], "ControllerRevision": [first]}
    then = [end, *map(waiting.NotReady, ends)]

    def wait(*_: Any, **__: Any) -> None:
        migrating(cluster)
        if then:
            raise then.pop(0)
        cluster.objects[naming.KIND] = [shop(first, OLD, ready=True)]

    monkeypatch.setattr(waiting, "wait", wait)
    lines = run("deploy shop shop:v2 --wait --rollback-on-failure", end.exit_code).stderr.splitlines()
    assert lines[-1] == f"{STILL_RUNS} kubectl formation stop shop --process {JOB}"
    assert lines[-2].startswith("The deploy has failed")


def test_a_deploy_whose_own_migration_hangs_says_what_ends_it(cluster: FakeCluster, waits: Waits) -> None:
    migrating(cluster)
    cluster.objects[naming.KIND] = [shop(a_revision(1, OLD), OLD, ready=True)]
    waits.ends = [failures.TimedOut("60 s are over.")]
    stderr = run("deploy shop shop:v2 --wait", failures.TIMED_OUT).stderr
    end = f"kubectl formation stop shop --process {JOB}"
    assert f"The release command still runs, in Job {JOB}. To end it: {end}\n" in stderr


OTHERS = [{"kind": naming.KIND, "name": "shop", "uid": "uid-of-another", "controller": True}]
HARMLESS: dict[str, Object] = {
    "no process of it runs": {"Pod": [releases.pod(builders.waiting("ContainerCreating"), job=JOB)]},
    "it is being ended": {"Pod": [{**releases.pod(job=JOB)}]},
    "it is another Formation's": {"Job": [builders.a_release_job(name=JOB, ownerReferences=OTHERS)]},
}
HARMLESS["it is being ended"]["Pod"][0]["metadata"]["deletionTimestamp"] = builders.ago(0)


@pytest.mark.parametrize("objects", HARMLESS.values(), ids=HARMLESS)
def test_no_release_is_named_that_does_not_go_on(cluster: FakeCluster, objects: Object) -> None:
    migrating(cluster)
    cluster.objects |= objects
    assert run("rollback shop --to 1").stderr == f"{GOING}\n"


def test_anyone_who_may_not_read_jobs_goes_back_all_the_same(cluster: FakeCluster) -> None:
    migrating(cluster)
    cluster.forbidden = ("Job",)
    assert run("rollback shop --to 1").stderr == f"{GOING}\n"


def test_release_and_ps_name_a_release_of_an_earlier_deploy_until_it_has_ended(cluster: FakeCluster) -> None:
    migrating(cluster)
    run("rollback shop --to 1")
    said = f"{STILL_RUNS} kubectl formation stop shop --process {JOB}\n"
    for words in ("ps shop", "ps shop web", "release shop", "release shop -o json"):
        result = run(words)
        assert said in result.stderr
        assert (JOB in result.stdout) == (words == "ps shop")  # where it is one of the processes
    cluster.objects["Pod"] = [releases.pod(builders.ended(0), job=JOB)]
    for words in ("ps shop", "release shop"):
        assert STILL_RUNS not in run(words).stderr


def test_the_release_of_what_is_declared_is_no_other_one(cluster: FakeCluster) -> None:
    migrating(cluster)
    for words in ("ps shop", "release shop"):
        assert STILL_RUNS not in run(words).stderr
    key = release_key(FormationSpec.model_validate(NEW))
    same = builders.a_release_job(name=JOB, annotations={naming.RELEASE_KEY_ANNOTATION: key})
    cluster.objects["Job"] = [same]  # only what no release is given has changed since
    assert STILL_RUNS not in run("ps shop").stderr


def test_a_release_whose_command_is_no_longer_declared_is_named(cluster: FakeCluster) -> None:
    migrating(cluster)
    cluster.objects[naming.KIND] = [shop(None, {"image": "shop:v2", "processes": {"web": WEB}})]
    assert STILL_RUNS in run("release shop").stderr
    assert STILL_RUNS in run("ps shop").stderr


def test_a_release_of_an_earlier_deploy_is_ended_by_the_command_that_is_said(cluster: FakeCluster) -> None:
    migrating(cluster)
    run("rollback shop --to 1")
    run(f"stop shop --process {JOB}")
    assert cluster.objects["Job"] == []
