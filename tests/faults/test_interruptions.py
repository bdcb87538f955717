"""The operator stops half way, or Formations are broken: everything else converges all the same."""

import time

import pytest

from tests import builders
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.contract.counting import counts
from tests.operator_process import OperatorProcess


@pytest.mark.alone
@pytest.mark.long
def test_suspending_survives_an_operator_that_is_killed_at_any_moment(
    user: Client, interrupted: OperatorProcess
) -> None:
    user.apply(a_formation(processes={"declared": a_process(replicas=2), "omitted": a_process()}))
    user.reported()
    user("scale", "deployment/shop-omitted", "--replicas=3")
    user.reported()

    for suspend, wanted in ((True, (0, 0)), (None, (2, 3))) * 2:
        user.merge("formation", "shop", {"spec": {"suspend": suspend}})
        time.sleep(0.02)
        interrupted.kill()
        interrupted.start()
        eventually(lambda: tuple(counts(user).values()) == wanted)  # noqa: B023  # used at once


def test_broken_formations_delay_no_other(user: Client) -> None:
    broken = [
        a_formation(f"broken-{number}", processes={"worker": requests_over_limits()}) for number in range(20)
    ]
    sound = a_formation("sound")

    user(
        "apply",
        "-f",
        "-",
        input=builders.text({"apiVersion": "v1", "kind": "List", "items": [*broken, sound]}),
    )

    eventually(lambda: counts(user).get("sound-worker") == 1)
    stalled = eventually(lambda: user.condition("Stalled", "broken-7"))
    assert "must be less than or equal to" in stalled["message"]
    assert stalled["message"].startswith("worker: ")


def requests_over_limits() -> builders.Manifest:
    return a_process(replicas=1, resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})
