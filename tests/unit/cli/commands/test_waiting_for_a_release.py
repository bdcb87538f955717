"""How a wait goes with a release: deploys wait for it and end with its failure; counts and stops don't."""

from collections.abc import Iterator

import pytest

from formation_cli import failures
from formation_cli.cluster.port import LogQuery
from formation_cli.views import trouble
from tests.shared import builders
from tests.shared.builders import ended, running, waiting
from tests.unit.cli import releases
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.releases import Object, shop
from tests.unit.cli.revisions import a_revision
from tests.unit.cli.typed import run

NEW = "--image x/shop:v2 --wait --timeout 1s"


class Stored(FakeCluster):
    """Keeps what is written, and answers about each generation as the operator would."""

    def __init__(self, before: Object, states: list[str], **objects: list[Object]) -> None:
        super().__init__(Formation=[before], **objects)
        self.states = states
        """What becomes of the release after each write."""
        self.denied, self.broken = False, ""
        self.said: Object = {}
        """What else the status says of the release."""

    def patch(self, kind: str, name: str, patch: object, *, dry_run: bool = False) -> Object:
        written = super().patch(kind, name, patch, dry_run=dry_run)  # type: ignore[arg-type]  # passed on
        status = {
            **shop(self.states.pop(0), broken=self.broken, **self.said)["status"],
            "revision": written["status"].get("revision"),
        }
        self.objects[kind] = [{**written, "status": status}]
        return written

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        if self.denied:
            raise failures.NoAccess("You may not read pods/log.")
        return super().log(pod, query)


@pytest.fixture
def cluster() -> Stored:
    before = shop("Succeeded")
    runs = a_revision(4, before["spec"])
    found = Stored(before, [], Pod=[releases.pod(ended(3))], ControllerRevision=[runs])
    before["status"]["revision"] = {"name": runs["metadata"]["name"], "number": 4, "ready": True}
    found.logs = {f"{releases.JOB}-x7k2p": ["2026-11-26T09:00:01.000000001Z no database"]}
    return found


def test_a_deploy_shows_the_log_and_ends_with_the_failure_and_the_line_that_goes_back(
    cluster: Stored,
) -> None:
    cluster.states = ["Failed"]
    result = run(f"deploy shop {NEW}", failures.FAILED)
    assert "no database" not in result.stdout
    lines = result.stderr.splitlines()
    assert "release.x7k2p | no database" in lines
    assert [line.split()[:4] for line in lines if line.startswith("release ")] == [
        ["release", "-", "-", "Failed"]
    ]
    assert lines[-2:] == [
        f"Error: shop isn't ready, and waiting won't help. {releases.FAILS}",
        "To go back: kubectl formation rollback shop --to 4 --wait",
    ]


TROUBLES = {
    "ImagePullFailed": "can't pull its image: not found",
    "SecretMissing": "can't start: there is no Secret absent",
    "ImageUserIsRoot": "can't start: its image runs as root",
    "BadCommand": "couldn't be started: migrat: not found",
}


@pytest.mark.parametrize("reason", TROUBLES)
@pytest.mark.parametrize("broken", ["", "exited with code 1"])
def test_what_waiting_can_not_help_a_type_can_not_help_a_release_either(
    cluster: Stored, reason: str, broken: str
) -> None:
    assert trouble.is_broken("Starting", reason)
    message = f"{releases.RUNS}: {TROUBLES[reason]}"
    cluster.said, cluster.states, cluster.broken = {"reason": reason, "message": message}, ["Running"], broken
    cluster.objects["Pod"] = [releases.pod(waiting("ImagePullBackOff"))]
    result = run(f"deploy shop {NEW}", failures.FAILED)
    assert f"Error: shop isn't ready, and waiting won't help. {message}" in result.stderr.splitlines()
    row = next(line for line in result.stderr.splitlines() if line.startswith("release "))
    assert row.split()[:4] == ["release", "-", "-", "Starting"]


@pytest.mark.parametrize("reason", ["Unschedulable", "Exited", "Releasing", "ReplicaFailure"])
def test_what_may_pass_is_waited_for(cluster: Stored, reason: str) -> None:
    cluster.said, cluster.states = {"reason": reason}, ["Running"]
    run(f"deploy shop {NEW}", failures.TIMED_OUT)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (waiting("ContainerCreating"), "Starting"),
        (running(1), "Running"),
        (ended(0), "Running"),
    ],
)
def test_a_release_runs_once_a_container_of_it_has_started(cluster: Stored, state: Object, word: str) -> None:
    cluster.objects["Pod"], cluster.states = [releases.pod(state)], ["Running"]
    stderr = run(f"deploy shop {NEW}", failures.TIMED_OUT).stderr
    assert next(each for each in stderr.splitlines() if each.startswith("release ")).split()[3] == word


def test_a_deploy_whose_release_has_succeeded_is_ready(cluster: Stored) -> None:
    cluster.states = ["Succeeded"]
    assert "release.x7k2p | no database" in run(f"deploy shop {NEW}").stderr.splitlines()
    cluster.objects["Pod"] = [releases.pod(ended(0), ago=3600)]  # of a release before this deploy
    cluster.states = ["Succeeded"]
    assert "no database" not in run("deploy shop --image x/shop:v3 --wait").output


def test_a_deploy_of_one_type_is_not_ready_by_its_old_processes(cluster: Stored) -> None:
    cluster.states = ["Running"]
    result = run(f"deploy shop --type web {NEW}", failures.TIMED_OUT)
    assert "1 s are over. shop isn't ready: the release command runs" in result.stderr


def test_anyone_who_may_not_read_logs_is_told_once_and_waits_on(cluster: Stored) -> None:
    cluster.denied, cluster.states = True, ["Running"]
    result = run(f"deploy shop {NEW}", failures.TIMED_OUT)
    assert result.stderr.count("The log of the release can't be shown: You may not read pods/log.") == 1


def test_what_crashes_of_the_version_before_says_nothing_of_a_release(cluster: Stored) -> None:
    cluster.broken, cluster.states = "exited with code 1", ["Running"]
    run(f"deploy shop {NEW}", failures.TIMED_OUT)
    cluster.states = ["Failed"]
    stderr = run("deploy shop --image x/shop:v3 --wait", failures.FAILED).stderr
    assert f"waiting won't help. {releases.FAILS}\n" in stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("scale shop web=2", "web runs with the wanted count; the declared version isn't rolled out yet"),
        ("stop shop", "no process is left"),
    ],
)
@pytest.mark.parametrize("state", ["Running", "Failed"])
def test_counts_and_stops_do_not_wait_for_a_release(
    cluster: Stored, state: str, words: str, said: str
) -> None:
    cluster.states = [state]
    cluster.said = {"reason": "ImagePullFailed"} if state == "Running" else {}
    result = run(f"{words} --wait --timeout 1s")
    assert result.stderr.splitlines()[-1] == f"shop: {said}"
    assert "no database" not in result.output


def test_what_is_stopped_is_ready_at_once_and_is_said_to_be_stopped(cluster: Stored) -> None:
    cluster.objects["Formation"][0]["spec"]["suspend"] = True
    cluster.states = ["Held"]
    assert "shop is stopped" in run(f"deploy shop {NEW}").stderr.splitlines()[-1]


UNPULLABLE = {"reason": "ImagePullFailed", "message": "can't pull its image"}


@pytest.mark.parametrize(("state", "said"), [("Failed", {}), ("Running", UNPULLABLE)])
def test_a_release_that_fails_is_taken_back_and_that_is_ready_at_once(
    cluster: Stored, state: str, said: Object
) -> None:
    cluster.states, cluster.said = [state, "Succeeded"], said
    result = run(f"deploy shop {NEW} --rollback-on-failure", failures.FAILED)
    back = "The deploy has failed, and shop is back at revision 4 (image registry.example.com/shop:v1)."
    assert result.stderr.splitlines()[-1] == back
    assert cluster.objects["Formation"][0]["spec"]["image"] == shop("")["spec"]["image"]


def test_after_two_releases_that_fail_it_is_what_runs_that_is_gone_back_to(cluster: Stored) -> None:
    cluster.states = ["Failed", "Failed", "Succeeded"]
    run(f"deploy shop {NEW}", failures.FAILED)
    kept = a_revision(0, cluster.objects["Formation"][0]["spec"])
    cluster.objects["ControllerRevision"].append(kept)
    words = "deploy shop --image x/shop:v3 --wait --rollback-on-failure"
    assert (
        "Going back to revision 4 (image registry.example.com/shop:v1)\n"
        in run(words, failures.FAILED).stderr
    )


def test_what_is_deployed_again_shows_no_release_of_before(cluster: Stored) -> None:
    (formation,) = cluster.objects["Formation"]
    formation["metadata"]["managedFields"][0]["time"] = builders.ago(3600)  # the deploy that started it
    assert cluster.objects["Pod"][0]["metadata"]["creationTimestamp"] > builders.ago(3600)
    result = run(f"deploy shop --image {formation['spec']['image']} --wait")
    assert "release.x7k2p" not in result.stderr
    assert "as it was" in result.stdout
