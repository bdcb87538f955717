"""A process is named as `ps` or `logs` does, whichever command is typed."""

import re

import pytest

from formation_cli import completion, failures
from formation_cli.cluster import kinds, kubectl
from formation_cli.cluster.port import Object
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, running
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

TYPES = {"web": builders.a_process(port=8080), "worker": builders.a_process()}
WEB = {"formations.dev/process-type": "web"}
ONE_OFF = {"formations.dev/run": "run", "batch.kubernetes.io/job-name": "shop-run-12345678"}


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    found = FakeCluster(
        Formation=[builders.stored(builders.a_formation(processes=TYPES))],
        Pod=[
            a_pod(a_container(running(), "web"), name="shop-web-1-vwxyz", labels=WEB),
            a_pod(name="shop-worker-1-abcde"),
        ],
    )
    found.logs = {"shop-worker-1-abcde": ["worker"], "shop-web-1-vwxyz": ["web"]}
    return found


@pytest.fixture(autouse=True)
def became(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of kubectl."""
    found: list[str] = []
    monkeypatch.setattr(kubectl, "become", lambda _, *words: found.extend(words))
    return found


READY = a_pod(name="shop-worker-ready")
UNREADY = a_pod(a_container(running(), ready=False), name="shop-worker-unready")
STOPPING = a_pod(name="shop-worker-stopping", deletionTimestamp=builders.ago(1))
UNPULLABLE = a_container(builders.waiting("ImagePullBackOff", 'Back-off pulling image "shop:v9"'))
NOT_THERE = a_pod(UNPULLABLE, name="shop-worker-not-there")


@pytest.mark.parametrize("pods", [(UNREADY, READY), (STOPPING, UNREADY), (NOT_THERE, STOPPING)])
def test_without_a_name_it_is_one_that_runs_and_best_one_that_is_ready(
    cluster: FakeCluster, became: list[str], pods: tuple[Object, Object]
) -> None:
    cluster.objects[kinds.POD] = [*pods]
    run("exec shop --type worker -- ls")
    assert became[1] == pods[1]["metadata"]["name"]


def test_where_none_of_the_only_type_runs_the_reason_is_told(cluster: FakeCluster) -> None:
    cluster.objects |= {"Formation": [builders.stored(builders.a_formation())], kinds.POD: [NOT_THERE]}
    error, hint = run("exec shop -- ls", failures.OURS).stderr.splitlines()
    assert re.match(r"Error: No process of worker runs: .*shop:v9", error)
    assert hint == "kubectl formation ps shop"


def test_a_process_of_another_type_is_refused(became: list[str]) -> None:
    result = run("exec shop --type web --process worker.abcde -- ls", failures.OURS)
    assert "worker.abcde is a process of worker, not of web" in result.stderr
    assert not became


def test_a_process_that_there_is_not_is_guessed() -> None:
    stderr = run("exec shop --process shop-web-1-vwxyy -- ls", failures.OURS).stderr
    assert "Did you mean shop-web-1-vwxyz?" in stderr
    assert "There is no process type worker.zzzzz" in run("logs shop worker.zzzzz", failures.MISTYPED).stderr


@pytest.mark.parametrize(
    ("typed_ports", "ports"),
    [("", "8080:8080"), ("9000", "9000:8080"), ("9000:8081", "9000:8081"), ("0", ":8080")],
)
def test_a_port_leads_to_that_of_the_type_or_to_another(
    became: list[str], typed_ports: str, ports: str
) -> None:
    run(f"port-forward shop {typed_ports}")
    assert became == ["port-forward", "pod/shop-web-1-vwxyz", ports]


def test_a_type_without_a_port_needs_one() -> None:
    stderr = run("port-forward shop --type worker 9000", failures.MISTYPED).stderr
    assert "worker has no port.\nName one" in stderr


@pytest.mark.parametrize(
    ("words", "code", "right"),
    [
        ("exec shop -- ls", failures.OURS, "pods/exec"),
        ("port-forward shop", failures.NO_ACCESS, "pods/portforward"),
    ],
)
def test_anyone_who_may_not_connect_is_told_by_us(
    cluster: FakeCluster, became: list[str], words: str, code: int, right: str
) -> None:
    cluster.lacked = (f"create {right}",)
    run(words)  # to get is enough for a websocket
    became.clear()
    cluster.lacked += (f"get {right}",)
    assert f"Error: You may not use {right} in namespace default.\n" in run(words, code).stderr
    assert not became


def a_one_off() -> Object:
    return a_pod(a_container(running(), "run"), name="shop-run-12345678-klmno", labels=ONE_OFF)


A_JOB: Object = {"apiVersion": "batch/v1", "kind": kinds.JOB, "metadata": {"name": "shop-run-12345678"}}


@pytest.mark.parametrize("name", ["run.klmno", "shop-run-12345678-klmno", "job.batch/shop-run-12345678"])
def test_a_process_that_runs_once_is_ended_by_its_name(cluster: FakeCluster, name: str) -> None:
    cluster.objects |= {kinds.POD: [a_one_off()], kinds.JOB: [A_JOB]}
    assert run(f"stop shop --process {name} --dry-run").stdout == f"{name}: ended (dry run)\n"
    assert cluster.objects[kinds.JOB] == [A_JOB]
    assert run(f"stop shop --process {name} -o name").stdout == "job.batch/shop-run-12345678\n"
    assert cluster.objects[kinds.JOB] == []
    assert cluster.dry_runs == []  # the Formation isn't stopped


def test_one_that_is_named_twice_is_ended_once(cluster: FakeCluster) -> None:
    bare = a_pod(name="shop-bare", labels={"formations.dev/run": "run"})  # somebody's, of no Job
    cluster.objects |= {kinds.POD: [bare, a_one_off()], kinds.JOB: [A_JOB]}
    done = run("stop shop --process run.klmno --process job.batch/shop-run-12345678")
    assert len(done.stdout.splitlines()) == 1


def test_a_type_is_not_ended_as_if_it_ran_once(cluster: FakeCluster) -> None:
    cluster.objects[kinds.POD] = [a_one_off()]
    result = run("stop shop --process worker", failures.MISTYPED)
    assert "kubectl formation scale shop TYPE=0 stops a type" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        *("--process ''", "--process=", "--process", "--process ' '", "--process --wait"),
        *("--process --dry-run", "--process run.klmno --process ''", "''", "run.klmno", "-- run.klmno"),
    ],
)
def test_a_variable_that_is_empty_ends_nothing_and_never_stops_the_app(
    cluster: FakeCluster, words: str
) -> None:
    cluster.objects |= {kinds.POD: [a_one_off()], kinds.JOB: [A_JOB]}
    assert "--process" in run(f"stop shop {words}", failures.MISTYPED).stderr
    assert cluster.objects[kinds.JOB] == [A_JOB]
    assert cluster.dry_runs == []


def test_anyone_who_names_a_process_without_its_option_is_shown_what_to_type(cluster: FakeCluster) -> None:
    stderr = run("-n demo stop shop run.klmno", failures.MISTYPED).stderr
    assert "'run.klmno' is a word too many. Nothing was stopped." in stderr
    assert "kubectl formation -n demo stop shop --process run.klmno" in stderr


def test_the_key_tab_completes_processes_and_namespaces(cluster: FakeCluster) -> None:
    cluster.objects[kinds.NAMESPACE] = [{"metadata": {"name": name}} for name in ("team-a", "other")]
    assert completion.answer(["exec", "shop", "--process"], "shop-we") == ["shop-web-1-vwxyz", ":4"]
    assert completion.answer(["ps", "-n"], "te") == ["team-a", ":4"]


def test_the_key_tab_offers_to_end_only_what_runs_once_and_goes_on(cluster: FakeCluster) -> None:
    over = a_pod(name="shop-run-2-over", labels=ONE_OFF, status={"phase": "Succeeded"})
    cluster.objects[kinds.POD] += [a_one_off(), over]
    assert completion.answer(["stop", "shop", "--process"], "") == ["shop-run-12345678-klmno", ":4"]
    assert completion.answer(["stop", "shop"], "") == [":4"]
    named = ["stop", "shop", "--process", "shop-run-12345678-klmno", "--process"]
    assert completion.answer(named, "") == [":4"]
    assert "shop-run-2-over" not in completion.answer(["exec", "shop", "--process"], "")
