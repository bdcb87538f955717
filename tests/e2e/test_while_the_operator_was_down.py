"""What happens while no operator runs is made good by the next one. One outage serves all of these tests."""

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.builders import a_formation, a_process
from tests.client import COLLECTED, Client, eventually, throughout
from tests.cluster.cluster import Cluster
from tests.contract.counting import Record, an_hpa, count, counts, declared, managed_by
from tests.contract.keda import SCALED_OBJECT, install_keda, keda_scales
from tests.contract.odd import ODD_VALUES
from tests.contract.quiet import HELD, held, versions
from tests.contract.replacing import copied
from tests.e2e.workers import CRASHES, is_in, shop, worker
from tests.health_checks import kstatus
from tests.history import History, stages
from tests.operator_process import OperatorProcess
from tests.scenarios import Played, Scenarios, Steps

pytestmark = [pytest.mark.alone, pytest.mark.node]

WEB = a_process("/shop", "web", replicas=2, port=8080)
WORKER = {"worker": a_process(replicas=4)}
down = Scenarios()


@pytest.fixture(scope="module")
def played(operator: OperatorProcess, real_node: Cluster, debian_image: None) -> Iterator[Played]:
    """All of it, to the moment at which the operator runs again."""
    with down.on(real_node) as scenarios:
        scenarios.advance()
        operator.stop()
        scenarios.advance()
        operator.start()
        yield scenarios


@down
def test_a_child_scaled_while_the_operator_was_down_is_honoured_beside_a_new_image(user: Client) -> Steps:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    record = Record(user, "shop-worker")
    yield

    user.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})
    user("scale", "deployment/shop-worker", "--replicas=7")
    yield

    eventually(lambda: declared(user) == 7)
    eventually(lambda: user.container()["image"] == "registry.example.com/shop:v2")
    assert record.counts() == [4, 7]


@down
def test_where_all_is_as_it_should_be_a_start_writes_nothing_and_warns_of_nothing_again(
    user: Client,
) -> Steps:
    user.apply(ODD_VALUES)
    user.apply(a_formation("daemon", podTemplate=HELD, processes={"p0": a_process("nginx")}))
    held(user, "odd", "daemon")
    yield
    before = versions(user)
    yield

    assert throughout(8, lambda: versions(user)) == before
    assert len(user.events("CommandLeavesForeground")) == 1
    assert not user.events("DriftRepaired")


@down
def test_when_keda_is_taken_away_declared_counts_apply_and_the_operator_runs_on(user: Client) -> Steps:
    process = OperatorProcess(user.cluster).pid
    assert process
    install_keda(user.cluster)
    user.apply(a_formation(processes=WORKER))
    user.reported()
    user.apply(SCALED_OBJECT)
    eventually(lambda: managed_by(user) == "ScaledObject/jobs")
    keda_scales(user, 7)
    user("delete", "crd", "scaledobjects.keda.sh")
    eventually(lambda: count(user) == 4)
    user("scale", "deployment/shop-worker", "--replicas=5")
    eventually(lambda: declared(user) == 5)
    assert OperatorProcess(user.cluster).pid == process
    yield
    yield


@down
def test_if_both_moved_meanwhile_the_formation_wins_and_an_event_says_so(user: Client) -> Steps:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    yield

    user("scale", "deployment/shop-worker", "--replicas=7")
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 2}}}})
    yield

    eventually(lambda: count(user) == 2)
    assert declared(user) == 2
    assert "from 4 to 2" in eventually(lambda: user.events("ScaleOverruled"))[0]


@down
def test_an_autoscaler_that_acts_before_the_operator_sees_it_is_not_written_through(user: Client) -> Steps:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    yield
    user.apply(an_hpa(6))
    eventually(lambda: count(user) == 6)

    yield

    eventually(lambda: managed_by(user))
    assert throughout(3, lambda: count(user)) == 6
    assert declared(user) == 4


@down
def test_a_forged_deployment_keeps_the_operator_from_nothing(user: Client) -> Steps:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    forged = user.get("deployment", "shop-worker")
    names = {"name": "forged", "namespace": user.namespace, "labels": {"formations.dev/formation": "forged"}}
    annotated = {**names, "annotations": {"formations.dev/count": "9" * 5000}}
    manifest = {**forged, "metadata": annotated, "status": None}
    user(
        "apply", "--server-side", "--field-manager=formation-operator", "-f", "-", input=json.dumps(manifest)
    )

    yield
    yield

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 6}}}})
    eventually(lambda: count(user) == 6)


@down
def test_a_deployment_put_in_the_place_of_ours_is_set_back_and_told_of(user: Client) -> Steps:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    yield
    other = copied(user)
    other["spec"]["replicas"] = 9
    pod = other["spec"]["template"]["spec"]
    pod["hostNetwork"] = True
    pod["containers"][0]["image"] = "other:v9"

    user("delete", "deployment", "shop-worker", "--cascade=orphan")
    user("create", "--field-manager=kubectl-replace", "-f", "-", input=json.dumps(other))
    yield

    eventually(lambda: count(user) == 4)
    pod = user.get("deployment", "shop-worker")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] != "other:v9"
    assert "hostNetwork" not in pod
    assert eventually(lambda: user.events("DriftRepaired"))
    assert declared(user) == 4


@down
def test_what_happened_while_the_operator_was_down_is_made_good(user: Client) -> Steps:
    processes_before = {"web": WEB, "worker": a_process(replicas=1), "clock": a_process(replicas=1)}
    user.apply(a_formation(processes=processes_before))
    user.reported()
    yield

    user.apply(a_formation(processes={"web": {**WEB, "replicas": 3}, "clock": a_process(replicas=1)}))
    user("set", "image", "deployment/shop-clock", "clock=other:v9")
    user("delete", "service", "shop-web")
    yield

    eventually(lambda: counts(user) == {"shop-web": 3, "shop-clock": 1})
    eventually(lambda: user.find("service", "shop-web"))
    note = eventually(lambda: user.events("DriftRepaired"))[0]
    assert "kubectl-set" in note


@down
def test_a_formation_that_was_deleted_meanwhile_leaves_nothing(user: Client) -> Steps:
    user.apply(a_formation(processes={"web": WEB}))
    user.reported()
    yield

    user("delete", "formation", "shop")
    yield

    eventually(lambda: not counts(user), patience=COLLECTED)


@down
def test_a_crash_loop_of_many_causes_neither_many_events_nor_more_than_a_status_a_second(
    user: Client,
) -> Steps:
    # So many that two starts of each are enough: the third comes half a minute later.
    began = time.monotonic()
    user.apply(shop(*CRASHES, replicas=10))
    history = History(user, "formation", "shop")

    eventually(lambda: worker(user).get("restarts", 0) >= 10, patience=300)
    yield
    yield
    assert throughout(5, lambda: is_in(user, "Crashing", "Exited") is not None)

    versions, seconds = history.end(), time.monotonic() - began
    assert len(stages(versions, lambda each: each["status"])) <= seconds + 2
    assert len(user.events("Crashing")) == 1
    assert stages(versions, kstatus) == ["InProgress"]
    message = worker(user)["message"]
    assert re.search(r"exited with code 3: no database \(\d+ restarts\), last at \d{4}-", message), message
