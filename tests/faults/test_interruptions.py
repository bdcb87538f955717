"""The operator, or the cluster, stops half way: everything converges all the same."""

import signal
import time

import pytest

from tests import builders
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import processes, record
from tests.contract.counting import counts
from tests.operator_process import OperatorProcess

WEB = a_process("/shop", "web", replicas=2, port=8080)


@pytest.mark.alone
def test_an_operator_that_is_killed_at_any_moment_is_continued_by_the_next(
    user: Client, interrupted: OperatorProcess
) -> None:
    for pause in (0.0, 0.02, 0.05):
        name = f"shop{int(pause * 100)}"
        user.apply(a_formation(name, processes={"web": WEB, "worker": a_process(replicas=1)}))
        time.sleep(pause)
        interrupted.kill()
        interrupted.start()

        user.reported(name)
        eventually(lambda: counts(user).get(f"{name}-web") == 2)  # noqa: B023  # used at once
        eventually(lambda: user.find("service", f"{name}-web"))  # noqa: B023


@pytest.mark.alone
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


@pytest.mark.alone
def test_an_api_server_that_hangs_for_a_while_is_waited_for(
    user: Client, operator: OperatorProcess, daemons: record.Record
) -> None:
    user.apply(a_formation())
    user.reported()
    server, process = daemons.daemon("kube-apiserver"), operator.pid

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    processes.send(server, signal.SIGSTOP)
    time.sleep(5)
    processes.send(server, signal.SIGCONT)

    eventually(lambda: counts(user) == {"shop-worker": 3})
    assert process
    assert operator.pid == process


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
