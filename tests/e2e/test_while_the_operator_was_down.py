"""What happens while no operator runs is made good by the next one. One outage serves all of these tests."""

import concurrent.futures
import contextlib
import re
import time
from collections.abc import Generator, Iterator

import pytest

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.contract.counting import Record, counts, declared
from tests.contract.odd import ODD_VALUES
from tests.contract.quiet import HELD, held, versions
from tests.e2e.workers import CRASHES, is_in, shop, worker
from tests.live.client import COLLECTED, Client, eventually, throughout
from tests.live.history import History, stages
from tests.live.namespaces import fresh_namespace
from tests.shared.builders import a_formation, a_process
from tests.shared.health_checks import kstatus

pytestmark = [pytest.mark.alone, pytest.mark.node]

WEB = a_process("/shop", "web", replicas=2, port=8080)
WORKER = {"worker": a_process(replicas=4)}
Steps = Generator[None, None, None]
"""It yields where the operator is stopped, and where it is started again."""


def a_child_scaled_while_the_operator_was_down_is_honoured_beside_a_new_image(user: Client) -> Steps:
    user.applied(a_formation(processes=WORKER))
    record = Record(user, "shop-worker")
    yield

    user.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})
    user("scale", "deployment/shop-worker", "--replicas=7")
    yield

    eventually(lambda: declared(user) == 7)
    eventually(lambda: user.container()["image"] == "registry.example.com/shop:v2")
    assert record.counts() == [4, 7]


def where_all_is_as_it_should_be_a_start_writes_nothing_and_warns_of_nothing_again(user: Client) -> Steps:
    user.apply(ODD_VALUES)
    user.apply(a_formation("daemon", podTemplate=HELD, processes={"p0": a_process("nginx")}))
    held(user, "odd", "daemon")
    yield
    before = versions(user)
    yield

    assert throughout(4, lambda: versions(user)) == before
    eventually(lambda: len(user.events("CommandLeavesForeground")) == 1)
    assert not user.events("DriftRepaired")


def what_happened_while_the_operator_was_down_is_made_good(user: Client) -> Steps:
    processes_before = {"web": WEB, "worker": a_process(replicas=1), "clock": a_process(replicas=1)}
    user.applied(a_formation(processes=processes_before))
    yield

    user.apply(a_formation(processes={"web": {**WEB, "replicas": 3}, "clock": a_process(replicas=1)}))
    user("set", "image", "deployment/shop-clock", "clock=other:v9")
    user("delete", "service", "shop-web")
    yield

    eventually(lambda: counts(user) == {"shop-web": 3, "shop-clock": 1})
    eventually(lambda: user.find("service", "shop-web"))
    note = eventually(lambda: user.events("DriftRepaired"))[0]
    assert "kubectl-set" in note


def a_formation_that_was_deleted_meanwhile_leaves_nothing(user: Client) -> Steps:
    user.applied(a_formation(processes={"web": WEB}))
    yield

    user("delete", "formation", "shop")
    yield

    eventually(lambda: not counts(user), patience=COLLECTED)


def a_crash_loop_of_many_causes_neither_many_events_nor_more_than_a_status_a_second(user: Client) -> Steps:
    # So many that two starts of each are enough: the third comes half a minute later.
    began = time.monotonic()
    user.apply(shop(*CRASHES, replicas=10))
    history = History(user, "formation", "shop")

    eventually(lambda: worker(user).get("restarts", 0) >= 10, patience=300)
    yield
    yield
    assert throughout(3, lambda: is_in(user, "Crashing", "Exited") is not None)

    versions, seconds = history.end(), time.monotonic() - began
    assert len(stages(versions, lambda each: each["status"])) <= seconds + 2
    eventually(lambda: len(user.events("Crashing")) == 1)
    assert stages(versions, kstatus) == ["InProgress"]
    message = worker(user)["message"]
    assert re.search(r"exited with code 3: no database \(\d+ restarts\)", message), message


SCENARIOS = (
    a_child_scaled_while_the_operator_was_down_is_honoured_beside_a_new_image,
    where_all_is_as_it_should_be_a_start_writes_nothing_and_warns_of_nothing_again,
    what_happened_while_the_operator_was_down_is_made_good,
    a_formation_that_was_deleted_meanwhile_leaves_nothing,
    a_crash_loop_of_many_causes_neither_many_events_nor_more_than_a_status_a_second,
)


@pytest.fixture(scope="module")
def outage(operator: OperatorProcess, real_node: Cluster, debian_image: None) -> Iterator[dict[str, Steps]]:
    """All scenarios, each in a namespace of its own, to the moment at which the operator runs again."""
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(len(SCENARIOS)) as pool:
        users = [Client(real_node, stack.enter_context(fresh_namespace(real_node))) for _ in SCENARIOS]
        steps = {each.__name__: each(user) for each, user in zip(SCENARIOS, users, strict=True)}
        list(pool.map(next, steps.values()))
        operator.stop()
        try:
            list(pool.map(next, steps.values()))
        finally:
            operator.start()
        yield steps


@pytest.mark.parametrize("scenario", [each.__name__ for each in SCENARIOS])
def test_what_happens_while_no_operator_runs_is_made_good(outage: dict[str, Steps], scenario: str) -> None:
    assert [*outage[scenario]] == []
