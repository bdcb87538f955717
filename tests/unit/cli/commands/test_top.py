"""`top` shows what processes use beside what they request and may use, and which field to change."""

import json
from typing import Any

import pytest
import yaml

from formation_cli import failures
from formation_cli.cluster import answers, kinds
from formation_cli.cluster.port import Object
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, running, waiting
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import cells, run

SIZE = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "0.5", "memory": "512Mi"}}
FIELD = "spec.processes.worker.resources"


def worker(
    suffix: str, *others: Object, size: Object = SIZE, labels: Object | None = None, **own: Any
) -> Object:
    container = a_container(own.pop("state", running()), resources=size, **own)
    return a_pod(container, *others, name=f"shop-worker-abc-{suffix}", labels=labels)


def used(pod: Object, cpu: str = "100m", memory: str = "64Mi", **others: tuple[str, str]) -> Object:
    """Return the figures of a Pod: of its worker, and of other containers."""
    of_each = {"worker": (cpu, memory), **others}
    found = [
        {"name": name, "usage": {"cpu": cpu, "memory": memory}} for name, (cpu, memory) in of_each.items()
    ]
    return {"metadata": {"name": pod["metadata"]["name"]}, "containers": found}


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    types = {"worker": builders.a_process(resources=SIZE), "zoo": builders.a_process()}
    formation = builders.stored(builders.a_formation(processes=types))
    return FakeCluster(Formation=[formation], Pod=[], PodMetrics=[])


def run_with(cluster: FakeCluster, *measured: tuple[Object, Object | None]) -> None:
    """Have these Pods run, each with its figures, if there are some already."""
    cluster.objects[kinds.POD] = [pod for pod, _ in measured]
    cluster.objects[kinds.POD_METRICS] = [figures for _, figures in measured if figures]


def rows(words: str = "", code: int = 0) -> list[list[str]]:
    return cells(run(f"top shop {words}", code).stdout)


def of_worker() -> list[Object]:
    return [*json.loads(run("top shop worker -o json").stdout)]


def advice(cluster: FakeCluster, cpu: str = "200m", memory: str = "200Mi", **own: Any) -> list[str]:
    """Return what is said of one process that uses so much."""
    pod = worker("aaaaa", **own)
    run_with(cluster, (pod, used(pod, cpu, memory)))
    return run("top shop worker").stderr.splitlines()


def test_a_type_is_the_sum_of_its_processes_and_units_are_those_of_kubectl_top(cluster: FakeCluster) -> None:
    one, other = worker("aaaaa"), worker("bbbbb")
    run_with(cluster, (one, used(one, "100000001n", "65535Ki")), (other, used(other, "50m", "10000000")))
    header, total, first, second, idle = rows()
    assert header == [
        *("TYPE", "PROCESS", "CPU", "CPU REQUEST", "CPU LIMIT"),
        *("MEMORY", "MEMORY REQUEST", "MEMORY LIMIT", "RESTARTS", "OOM KILLED"),
    ]
    assert total == ["worker", "all 2", "151m", "200m", "1000m", "73Mi", "256Mi", "1024Mi", "0", "-"]
    sizes = ["100m", "500m"], ["128Mi", "512Mi"]
    assert first == ["worker", "shop-worker-abc-aaaaa", "101m", *sizes[0], "63Mi", *sizes[1], "0", "-"]
    assert second == ["worker", "shop-worker-abc-bbbbb", "50m", *sizes[0], "9Mi", *sizes[1], "0", "-"]
    assert idle == ["zoo", "all 0", "-", "-", "-", "-", "-", "-", "0", "-"]


def test_only_types_that_are_named_are_shown_and_a_canary_with_its_type(cluster: FakeCluster) -> None:
    canary = worker("canar", labels={naming.TRACK_LABEL: naming.CANARY})
    run_with(cluster, (canary, used(canary)))
    assert [row[0] for row in rows("worker")[1:]] == ["worker", "worker-canary", "worker-canary"]
    assert [row[0] for row in rows("--type zoo")[1:]] == ["zoo"]
    assert "Did you mean worker?" in run("top shop wrker", failures.MISTYPED).stderr


def test_a_native_sidecar_counts_as_a_container_and_one_that_ends_does_not(cluster: FakeCluster) -> None:
    pod = worker("aaaaa")
    pod["spec"]["initContainers"] = [
        {"name": "mesh", "restartPolicy": "Always", "resources": {"requests": {"memory": "32Mi"}}},
        {"name": "setup", "resources": {"requests": {"memory": "4Gi"}}},
    ]
    run_with(cluster, (pod, used(pod, mesh=("1m", "1Mi"))))
    assert rows()[3][2:7] == ["all 2", "101m", "100m", "-", "65Mi"]
    assert rows()[3][7] == "160Mi"


def test_a_single_container_has_the_size_of_its_pod_unless_it_has_its_own(cluster: FakeCluster) -> None:
    pod = worker("aaaaa", size={"limits": {"cpu": "200m"}})
    pod["spec"]["resources"] = SIZE
    run_with(cluster, (pod, used(pod)))
    assert rows("worker")[2][2:8] == ["100m", "100m", "200m", "64Mi", "128Mi", "512Mi"]


def test_several_containers_share_the_size_of_their_pod_and_none_may_use_more_than_its_limit(
    cluster: FakeCluster,
) -> None:
    pod = worker("aaaaa", a_container(running(), "proxy"), size={})
    pod["spec"]["resources"] = SIZE
    run_with(cluster, (pod, used(pod, proxy=("20m", "10Mi"))))
    _, _, own, whole = rows("worker")
    assert own[3:9] == ["100m", "-", "500m", "64Mi", "-", "512Mi"]
    assert whole[3:9] == ["120m", "100m", "500m", "74Mi", "128Mi", "512Mi"]


def test_a_program_gets_cores_and_bytes(cluster: FakeCluster) -> None:
    pod = worker("aaaaa")
    run_with(cluster, (pod, used(pod, "1500000n", "1Mi")))
    found, process = of_worker()
    assert found["cpu"] == {"use": 0.0015, "request": 0.1, "limit": 0.5}
    assert found["memory"] == {"use": 2**20, "request": 2**27, "limit": 2**29}
    assert (found["process"], found["containers"]) == ("", "worker")
    assert (process["process"], process["cpu"]) == ("shop-worker-abc-aaaaa", found["cpu"])
    assert [each["field"] for each in found["advice"]] == [
        f"{FIELD}.requests.cpu",
        f"{FIELD}.requests.memory",
    ]
    assert yaml.safe_load(run("top shop worker -o yaml").stdout) == [found, process]


@pytest.mark.parametrize(
    ("cpu", "memory", "said"),
    [
        ("90m", "470Mi", "uses 470Mi, near its memory limit of 512Mi: raise {}.limits.memory."),
        ("460m", "100Mi", "uses 460m, near its CPU limit of 500m: raise {}.limits.cpu."),
        ("90m", "200Mi", "uses 200Mi, above its memory request of 128Mi: raise {}.requests.memory."),
        ("9m", "100Mi", "more than 9m of its CPU request of 100m: if that lasts, lower {}.requests.cpu."),
    ],
)
def test_the_field_to_change_is_named_where_use_and_size_do_not_fit(
    cluster: FakeCluster, cpu: str, memory: str, said: str
) -> None:
    who = "No process of worker uses" if "more than" in said else "worker.aaaaa"
    assert f"{who} {said.format(FIELD)}" in advice(cluster, cpu, memory)


def test_of_several_processes_the_worst_is_named_and_one_that_works_keeps_the_request(
    cluster: FakeCluster,
) -> None:
    used_by = {"aaaaa": "1m", "bbbbb": "470m", "ccccc": "480m"}
    run_with(cluster, *((pod := worker(suffix), used(pod, cpu)) for suffix, cpu in used_by.items()))
    said = run("top shop worker").stderr
    assert "worker.ccccc uses 480m, near" in said
    assert "worker.bbbbb" not in said
    assert "lower" not in said


def test_little_of_a_small_request_is_not_worth_a_change(cluster: FakeCluster) -> None:
    small = {"requests": {"cpu": "10m", "memory": "16Mi"}}
    assert advice(cluster, "1m", "1Mi", size=small) == []


OOM = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": builders.ago(180)}}


def test_a_process_that_was_killed_for_memory_is_named_with_its_limit(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: builders.NOW)
    (said,) = advice(cluster, "90m", "100Mi", last=OOM, restarts=4)
    assert said == (
        f"worker.aaaaa was killed for memory 3m ago, with a limit of 512Mi: raise {FIELD}.limits.memory."
    )
    assert rows()[2][-2:] == ["4", "3m ago"]
    assert rows()[1][-2:] == ["4", "3m ago"]
    assert of_worker()[0]["killed"] == builders.ago(180)


def test_of_what_was_killed_or_ends_no_lower_request_is_advised(cluster: FakeCluster) -> None:
    assert "lower" not in " ".join(advice(cluster, "1m", "1Mi", last=OOM))
    cluster.objects[kinds.POD][0]["metadata"]["deletionTimestamp"] = builders.ago(1)
    assert len(rows("worker")) == 3
    cluster.objects[kinds.POD_METRICS] = []
    assert len(rows("worker")) == 2


def test_without_a_limit_its_node_ran_out_of_memory(cluster: FakeCluster) -> None:
    (said,) = advice(cluster, "90m", "100Mi", last=OOM, size={"requests": {"memory": "128Mi"}})
    assert said.endswith(f" with no limit, as its node had no more: set {FIELD}.limits.memory.")


def test_a_kill_that_only_the_status_knows_is_shown_of_the_type(cluster: FakeCluster) -> None:
    last = {"reason": "OOMKilled", "finishedAt": builders.ago(60), "exitCode": 137}
    cluster.objects[naming.KIND][0]["status"] = {"processes": {"zoo": {"lastExit": last}}}
    assert rows("zoo")[1][-1].endswith("ago")


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("type", "spec.processes.worker.podTemplate.spec.containers[process].resources.limits.memory"),
        ("spec", "spec.podTemplate.spec.containers[process].resources.limits.memory"),
    ],
)
def test_the_field_is_that_of_the_pod_template_where_it_is_set_there(
    cluster: FakeCluster, where: str, path: str
) -> None:
    spec = cluster.objects[naming.KIND][0]["spec"]
    template = {"spec": {"containers": [{"name": "process", "resources": {"limits": {"memory": "512Mi"}}}]}}
    (spec if where == "spec" else spec["processes"]["worker"])["podTemplate"] = template
    assert advice(cluster, "90m", "500Mi")[0].endswith(f"raise {path}.")


@pytest.mark.parametrize("where", ["spec.processes.worker", "spec"])
def test_the_field_is_that_of_the_whole_pod_where_only_that_is_set(cluster: FakeCluster, where: str) -> None:
    spec = cluster.objects[naming.KIND][0]["spec"]
    own = spec["processes"]["worker"]
    (spec if where == "spec" else own)["podTemplate"] = {"spec": {"resources": SIZE}}
    pod = worker("aaaaa", size={})
    pod["spec"]["resources"] = SIZE
    run_with(cluster, (pod, used(pod, "90m", "500Mi")))
    assert "near its memory limit of 512Mi: raise spec.processes.worker.resources." in run("top shop").stderr
    del own["resources"]
    field = f"raise {where}.podTemplate.spec.resources.limits.memory."
    assert f"near its memory limit of 512Mi: {field}" in run("top shop").stderr


def test_a_process_without_figures_yet_is_named(cluster: FakeCluster) -> None:
    one, new = worker("aaaaa"), worker("bbbbb", state=waiting("ContainerCreating"))
    run_with(cluster, (one, used(one)), (new, None))
    done = run("top shop worker")
    assert (
        "There are no figures yet of worker.bbbbb: metrics-server has them about a minute after a start."
        in done.stderr
    )
    assert of_worker()[2]["cpu"]["use"] is None


NONE = answers.Request("GET", kinds.POD_METRICS, "default")


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (answers.failure(NONE, 404, b"{}"), failures.FAILED, "ask its administrator for metrics-server"),
        (
            answers.failure(NONE, 403, b'{"message": "pods is forbidden: User a can\'t"}'),
            failures.NO_ACCESS,
            "You need the verbs get, list on pods.metrics.k8s.io",
        ),
        (answers.unreachable("a", OSError("no route")), failures.NO_ACCESS, "doesn't answer: no route"),
    ],
)
def test_where_there_are_no_metrics_it_says_what_is_missing_and_shows_the_rest(
    cluster: FakeCluster, failure: failures.Failure, code: int, said: str
) -> None:
    run_with(cluster, (worker("aaaaa"), None))
    cluster.failing = {kinds.POD_METRICS: failure}
    done = run("top shop worker", code)
    assert said in done.stderr
    assert ("metrics" in done.stderr) == ("no route" not in done.stderr)
    assert "512Mi" in done.stdout
    assert "no figures yet" not in done.stderr


def test_of_thousands_without_figures_only_some_are_named(cluster: FakeCluster) -> None:
    run_with(cluster, *((worker(f"{number:05}"), None) for number in range(1000)))
    assert " and 995 more" in run("top shop worker", failures.FAILED).stderr
