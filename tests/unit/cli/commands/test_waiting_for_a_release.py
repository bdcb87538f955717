"""How a wait goes with a release: deploys wait for it and end with its failure; counts and stops don't."""

import pytest

from formation_cli import failures
from formation_cli.views import trouble
from tests.shared.builders import ended, waiting
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
        self.broken = ""
        self.said: Object = {}
        """What else the status says of the release."""

    def react(self) -> None:
        (found,) = self.objects["Formation"]
        said = shop(self.states.pop(0), broken=self.broken, **self.said)["status"]
        found["status"] = {**said, "revision": found["status"].get("revision")}


@pytest.fixture
def cluster() -> Stored:
    before = shop("Succeeded")
    runs = a_revision(4, before["spec"])
    found = Stored(before, [], Pod=[releases.pod(ended(3))], ControllerRevision=[runs])
    before["status"]["revision"] = {"name": runs["metadata"]["name"], "number": 4, "ready": True}
    found.logs = {f"{releases.JOB}-x7k2p": ["2026-11-26T09:00:01.000000001Z no database"]}
    return found


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


def test_anyone_who_may_not_read_logs_is_told_once_and_waits_on(cluster: Stored) -> None:
    cluster.failing = {f"{releases.JOB}-x7k2p": failures.NoAccess("You may not read pods/log.")}
    cluster.states = ["Running"]
    result = run(f"deploy shop {NEW}", failures.TIMED_OUT)
    assert result.stderr.count("The log of the release can't be shown: You may not read pods/log.") == 1


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
