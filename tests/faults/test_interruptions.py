"""The operator, or the cluster, stops half way: everything converges all the same."""

import signal
import time

from tests import builders
from tests.builders import a_formation, a_process
from tests.client import COLLECTED, Client, eventually
from tests.cluster import processes, record
from tests.contract.counting import counts
from tests.operator_process import OperatorProcess

WEB = a_process("/shop", "web", replicas=2, port=8080)


def test_what_happened_while_the_operator_was_down_is_made_good(
    user: Client, interrupted: OperatorProcess
) -> None:
    processes_before = {"web": WEB, "worker": a_process(replicas=1), "clock": a_process(replicas=1)}
    user.apply(a_formation(processes=processes_before))
    user.reported()
    interrupted.stop()

    user.apply(a_formation(processes={"web": {**WEB, "replicas": 3}, "clock": a_process(replicas=1)}))
    user("set", "image", "deployment/shop-clock", "clock=other:v9")
    user("delete", "service", "shop-web")
    interrupted.start()

    eventually(lambda: counts(user) == {"shop-web": 3, "shop-clock": 1})
    eventually(lambda: user.find("service", "shop-web"))
    note = eventually(lambda: user.events("DriftRepaired"))[0]
    assert "kubectl-set" in note


def test_a_formation_that_was_deleted_meanwhile_leaves_nothing(
    user: Client, interrupted: OperatorProcess
) -> None:
    user.apply(a_formation(processes={"web": WEB}))
    user.reported()
    interrupted.stop()

    user("delete", "formation", "shop")
    interrupted.start()

    eventually(lambda: not counts(user), patience=COLLECTED)


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


def test_an_api_server_that_hangs_for_a_while_is_waited_for(user: Client, operator: OperatorProcess) -> None:
    user.apply(a_formation())
    user.reported()
    server = running("kube-apiserver")

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    processes.send(server, signal.SIGSTOP)
    time.sleep(5)
    processes.send(server, signal.SIGCONT)

    eventually(lambda: counts(user) == {"shop-worker": 3})
    assert operator.process is not None
    assert operator.process.poll() is None


def running(name: str) -> processes.Process:
    known = record.load()
    assert known is not None
    return known.daemon(name)


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
