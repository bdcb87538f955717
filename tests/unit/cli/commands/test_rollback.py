"""``rollback``, and a deploy that goes back by itself, as they are typed."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli import failures
from formation_cli.commands import waiting
from formation_operator.api import naming
from formation_operator.kube.objects.deploys import End
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import R1, R2, V1, V2, Object, a_revision, ended, ran, shop
from tests.unit.cli.typed import run
from tests.unit.cli.waits import Waits


def test_it_goes_back_to_the_latest_that_ran_well_and_past_what_never_did(cluster: FakeCluster) -> None:
    third = a_revision(3, {**V2, "image": "shop:v3"})
    cluster.objects |= {naming.KIND: [shop(third, third["data"])], "ControllerRevision": [R1, R2, third]}
    result = run("rollback shop")
    assert result.stdout.startswith("revision 1: image shop:v3 -> shop:v1")
    assert result.stderr.splitlines()[:2] == [
        "Skipped: revision 2 (image shop:v2), which isn't known to have run well.",
        "Going back to revision 1 (image shop:v1)",
    ]


def into_a_singleton(cluster: FakeCluster, **clock: Any) -> str:
    """Go back to a content where the clock is a singleton, from this one, and return what is said."""
    one = ran(a_revision(1, {"image": "shop:v1", "processes": {"clock": {"singleton": True}}}))
    now = {"image": "shop:v2", "processes": {"clock": clock}}
    second = a_revision(2, now)
    cluster.objects |= {naming.KIND: [shop(second, now)], "ControllerRevision": [one, second]}
    return run("rollback shop").stderr


def test_going_back_into_a_singleton_leaves_out_what_it_can_not_have_and_says_so(
    cluster: FakeCluster,
) -> None:
    several = {"replicas": 3, "autoscaling": {"maxReplicas": 5}, "disruptionBudget": {"maxUnavailable": 1}}
    stderr = into_a_singleton(cluster, **several)
    assert cluster.spec["processes"] == {"clock": {"singleton": True}}
    assert (
        "clock: a singleton in revision 1, so without today's autoscaling and disruptionBudget and replicas"
        in stderr
    )


@pytest.mark.parametrize("count", [0, 1])
def test_a_count_that_a_singleton_can_have_stays(cluster: FakeCluster, count: int) -> None:
    assert "so without" not in into_a_singleton(cluster, replicas=count)
    assert cluster.spec["processes"] == {"clock": {"singleton": True, "replicas": count}}


def test_to_what_isnt_known_to_have_run_well_it_goes_only_by_its_number(
    cluster: FakeCluster, snapshot: SnapshotAssertion
) -> None:
    cluster.objects["ControllerRevision"] = [a_revision(1, V1), R2]
    refused = {run(f"rollback shop{how}", failures.FAILED).stderr for how in ("", " --dry-run")}
    assert refused == snapshot
    assert cluster.dry_runs == []
    assert run("rollback shop --to 1").stdout.startswith("revision 1: image shop:v2 -> shop:v1")


@pytest.mark.parametrize("dry_run", ["--dry-run", "--dry-run=server", "--dry-run=client"])
def test_a_dry_run_says_the_same_and_changes_nothing(cluster: FakeCluster, dry_run: str) -> None:
    result = run(f"rollback shop {dry_run} --wait")
    assert result.stdout.endswith("worker is gone (dry run)\n")
    assert "web: the processes are restarted" in result.stderr
    assert cluster.spec == V2
    assert cluster.dry_runs == [True]


def test_a_number_is_chosen_and_what_is_so_already_is_not_written(cluster: FakeCluster) -> None:
    assert run("rollback shop --to 2").stdout == "revision 2: as it was\n"
    assert cluster.dry_runs == []
    assert run("rollback shop --to 1 -o name").stdout == "formation.formations.dev/shop\n"
    assert json.loads(run("rollback shop --to 2 -o json").stdout)["spec"]["image"] == "shop:v2"


def test_nobody_goes_back_to_what_is_forged(cluster: FakeCluster) -> None:
    cluster.objects["ControllerRevision"] = [R2, ran(a_revision(9, V1, owners=[]))]
    assert "There is no revision 9." in run("rollback shop --to 9", failures.MISTYPED).stderr
    assert (
        "shop has no other revision. shop stays as it is declared"
        in run("rollback shop", failures.FAILED).stderr
    )
    assert cluster.dry_runs == []


NEEDS = {**V1, "envFrom": [{"secretRef": {"name": "old"}}, {"configMapRef": {"name": "settings"}}]}


@pytest.fixture
def needs(cluster: FakeCluster) -> FakeCluster:
    cluster.objects |= {
        "ControllerRevision": [ran(a_revision(1, NEEDS)), R2],
        "Secret": [{"metadata": {"name": "old"}}],
        "ConfigMap": [{"metadata": {"name": "settings"}}],
    }
    return cluster


def test_it_is_refused_where_what_the_revision_needs_is_gone(needs: FakeCluster) -> None:
    needs.objects["Secret"] = []
    result = run("rollback shop", failures.FAILED)
    assert "secret/old is gone, which revision 1 needs. Nothing was changed.\n" in result.stderr
    needs.objects["ConfigMap"] = []
    assert "configmap/settings, secret/old are gone" in run("rollback shop --dry-run", failures.FAILED).stderr
    assert needs.dry_runs == []


def test_anyone_who_may_not_read_secrets_is_told_and_goes_back_all_the_same(needs: FakeCluster) -> None:
    needs.forbidden = ("Secret",)
    result = run("rollback shop")
    assert "It isn't known whether secret/old still exists: You may not read Secret old." in result.stderr
    assert needs.spec["envFrom"] == NEEDS["envFrom"]


def test_a_cluster_that_is_out_of_reach_is_no_missing_right(needs: FakeCluster) -> None:
    needs.forbidden, needs.unreachable = ("Secret",), True
    run("rollback shop", failures.NO_ACCESS)
    assert needs.dry_runs == []


def test_who_will_win_is_named_and_where_to_change_it(cluster: FakeCluster) -> None:
    fields: Object = {"f:spec": {"f:image": {}, "f:processes": {"f:worker": {"f:command": {}}}}}
    entry = {"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": fields}
    cluster.objects[naming.KIND] = [shop(R2, V2, managedFields=[entry])]
    stderr = run("rollback shop").stderr
    assert "image, processes: Flux sets it back at the next sync, because Git declares it" in stderr


FAILS = waiting.NotReady(
    "shop isn't ready, and waiting won't help. web: no", hint="Old processes keep running."
)
DEPLOY = "deploy shop --image shop:v3 --wait"
BACK = f"{DEPLOY} --rollback-on-failure"


def test_going_back_that_fails_names_the_other_revisions(waits: Waits) -> None:
    waits.ends = [FAILS]
    stderr = run("rollback shop --wait -n demo", failures.FAILED).stderr
    assert stderr.splitlines()[-1] == "Other revisions: kubectl formation -n demo history shop"


def test_where_what_was_declared_was_never_rolled_out_the_line_names_no_number(
    waits: Waits, cluster: FakeCluster
) -> None:
    cluster.objects[naming.KIND] = [shop(R1, V2)]
    waits.ends = [FAILS]
    stderr = run(DEPLOY, failures.FAILED).stderr
    assert stderr.splitlines()[-1] == "To go back: kubectl formation rollback shop --wait"


def test_a_deploy_goes_back_by_itself_and_ends_with_the_code_of_its_failure(
    waits: Waits, cluster: FakeCluster
) -> None:
    waits.ends = [failures.TimedOut("60 s are over."), None]
    result = run(f"{BACK} --type web", failures.TIMED_OUT)
    assert cluster.spec == V2
    assert waits.types == [["web"], ["web"]]
    assert "Error: 60 s are over.\n" in result.stderr
    assert "Going back to revision 2 (image shop:v2)\n" in result.stderr
    assert "restarted" not in result.stderr.partition("Going back")[2]
    back = "The deploy has failed, and shop is back at revision 2 (image shop:v2)."
    assert result.stderr.splitlines()[-1] == back


def test_a_way_back_that_fails_too_says_both_and_its_last_error_is_that_of_the_deploy(
    waits: Waits, cluster: FakeCluster
) -> None:
    waits.ends = [failures.TimedOut("60 s are over."), waiting.NotReady("web: neither")]
    stderr = run(BACK, failures.TIMED_OUT).stderr
    assert "Error: 60 s are over.\n" in stderr
    assert stderr.count("Error: ") == 1
    said = "The deploy has failed. shop declares revision 2 (image shop:v2) again: web: neither"
    assert stderr.splitlines()[-1] == said
    assert cluster.spec == V2


@pytest.mark.parametrize("words", [BACK, "config set shop A=1 --wait --rollback-on-failure"])
def test_a_deploy_on_one_that_has_crashed_goes_back_to_what_ran_well_before(
    waits: Waits, cluster: FakeCluster, words: str
) -> None:
    crashed = ended(a_revision(2, V2), End.FAILED)
    cluster.objects |= {naming.KIND: [shop(crashed, V2)], "ControllerRevision": [R1, crashed]}
    waits.ends = [FAILS, None]
    assert run(words, failures.FAILED).stderr.splitlines()[-6:] == [
        "Skipped: revision 2 (image shop:v2), whose last deploy failed.",
        "Going back to revision 1 (image shop:v1)",
        "clock: new",
        "web: the processes are restarted, unless they run this already",
        "worker: removed: the processes are stopped, and the Deployment is deleted",
        "The deploy has failed, and shop is back at revision 1 (image shop:v1).",
    ]
    assert cluster.spec["image"] == "shop:v1"


def test_where_none_ran_well_that_is_said_and_what_stands(waits: Waits, cluster: FakeCluster) -> None:
    crashed = ended(a_revision(2, V2), End.FAILED)
    cluster.objects |= {naming.KIND: [shop(crashed, V2)], "ControllerRevision": [crashed]}
    waits.ends = [FAILS]
    stderr = run(BACK, failures.FAILED).stderr
    assert (
        "The deploy has failed. Nothing was rolled back: No other revision of shop is known to have run well "
        "and not to have failed since. shop stays as it is declared (image shop:v3).\n" in stderr
    )
    assert cluster.spec["image"] == "shop:v3"


def test_the_line_that_goes_back_names_no_version_that_has_not_stood(
    waits: Waits, cluster: FakeCluster
) -> None:
    cluster.objects[naming.KIND] = [shop(R2, V2)]
    del cluster.objects[naming.KIND][0]["status"]["revision"]["ready"]
    waits.ends = [FAILS]
    stderr = run(DEPLOY, failures.FAILED).stderr
    assert stderr.splitlines()[-1] == "To go back: kubectl formation rollback shop --wait"


def test_what_somebody_has_deployed_meanwhile_is_left(waits: Waits, cluster: FakeCluster) -> None:
    deployed = {naming.KIND: [shop(R2, {**V2, "image": "shop:v4"})]}
    waits.ends, waits.meanwhile = [FAILS], lambda: cluster.objects.update(deployed)
    assert "Someone else has changed shop in the meantime" in run(BACK, failures.FAILED).stderr
    assert cluster.spec["image"] == "shop:v4"


# It went back to the revision before, until a pipeline that ran again in an outage of its registry moved
# production from a version that ran well to an older one. Nothing was deployed: no deploy has failed.
@pytest.mark.parametrize(
    "formation",
    [shop(R2, V2, ready=True), shop(R2, V2), shop(R1, V2, ready=True), shop(None, V2)],
    ids=["ran well", "rolled out", "not rolled out", "not known"],
)
def test_a_failing_deploy_of_what_is_declared_already_changes_nothing_and_names_no_way_back(
    waits: Waits, cluster: FakeCluster, formation: Object
) -> None:
    cluster.objects[naming.KIND] = [formation]
    nothing = "The deploy has changed nothing, so nothing is rolled back."
    for failure in (waiting.NotReady("web: no"), failures.TimedOut("60 s are over.")):
        for more, lines in {"": [], "--rollback-on-failure": [nothing]}.items():
            waits.ends = [failure]
            result = run(f"deploy shop --image shop:v2 --wait {more}", failure.exit_code)
            assert result.stderr.splitlines() == [f"Error: {failure.message}", *lines]
    assert cluster.dry_runs == []


def test_what_has_run_well_when_the_wait_is_over_is_not_left(waits: Waits, cluster: FakeCluster) -> None:
    def run_well() -> None:
        third = a_revision(3, cluster.spec)
        cluster.objects[naming.KIND] = [shop(third, third["data"], ready=True)]

    waits.ends, waits.meanwhile = [failures.TimedOut("60 s are over.")], run_well
    stderr = run(BACK, failures.TIMED_OUT).stderr
    assert "shop has run well since, so it stays at revision 3 (image shop:v3)." in stderr
    assert cluster.spec["image"] == "shop:v3"
