"""What requests cost under each variant of the CRD, on etcd and an API server alone."""

import copy
import statistics
import time
from collections.abc import Iterator
from typing import Any

from tests import server
from tests.bench import usage
from tests.bench.crd_cost import writes
from tests.cluster import lifecycle, processes, record
from tests.server import MERGE_PATCH, Server

Json = dict[str, Any]
Figures = dict[tuple[str, str], list[tuple[float, float]]]
APPLY = "application/apply-patch+yaml"
OTHERS = ("kube-controller-manager", "kube-scheduler")
ESTABLISHED = 30


def measure(crds: dict[str, Json], rounds: int, each: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the medians of latency and API server CPU in ms, by variant and kind of request."""
    cluster = lifecycle.up("none")
    try:
        known = record.load()
        assert known is not None
        processes.kill([known.daemon(name) for name in OTHERS])  # they watch Formations, too
        found = rounds_of(server.of(cluster), known.daemon("kube-apiserver").pid, crds, rounds, each)
    finally:
        lifecycle.down()
    return {key: middle(samples) for key, samples in found.items()}


def middle(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the median of each of two figures."""
    latency, cpu = zip(*samples, strict=True)
    return statistics.median(latency), statistics.median(cpu)


def rounds_of(api: Server, pid: int, crds: dict[str, Json], rounds: int, each: int) -> Figures:
    """Return the figures of every round, in which all variants take their turn."""
    paths = [install(api, crd, number) for number, crd in enumerate(crds.values())]
    figures: Figures = {}
    for turn in range(rounds):
        order = list(zip(crds, paths, strict=True))
        for name, (group, path) in order[turn % len(order) :] + order[: turn % len(order)]:
            for kind, requests in steps(group, path, [f"f{turn}-{number}" for number in range(each)]):
                figures.setdefault((name, kind), []).append(timed(api, pid, requests))
    return figures


def install(api: Server, crd: Json, number: int) -> tuple[str, str]:
    """Serve a variant of the CRD in a group of its own; return the group and the path of its objects."""
    own = copy.deepcopy(crd)
    group = f"v{number}.{own['spec']['group']}"
    plural = own["spec"]["names"]["plural"]
    own["spec"]["group"], own["metadata"]["name"] = group, f"{plural}.{group}"
    api.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", own)
    path = f"/apis/{group}/{own['spec']['versions'][0]['name']}/namespaces/default/{plural}"
    wait_for(api, path)
    return group, path


def wait_for(api: Server, path: str) -> None:
    """Wait until a new resource is served."""
    end = time.monotonic() + ESTABLISHED
    while True:
        try:
            api.request("GET", path)
        except server.ServerError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def steps(group: str, path: str, names: list[str]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield each kind of request with those for all names."""
    manifests = [writes.plain() for _ in names]
    for name, manifest in zip(names, manifests, strict=True):
        manifest["apiVersion"], manifest["metadata"]["name"] = f"{group}/v1", name
    yield "create", [("POST", path, manifest) for manifest in manifests]
    query = "status?fieldManager=bench&force=true"
    yield (
        "report",
        [
            ("PATCH", f"{path}/{report['metadata']['name']}/{query}", report, {"Content-Type": APPLY})
            for report in map(reported, manifests)
        ],
    )
    change = {"spec": {"processes": {"web": {"replicas": 3}}}}
    yield "scale", [("PATCH", f"{path}/{name}", change, {"Content-Type": MERGE_PATCH}) for name in names]


def reported(manifest: Json) -> Json:
    """Return the status of a Formation as the operator applies it."""
    identity = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
    return {**identity, "status": writes.status(manifest)}


def timed(api: Server, pid: int, requests: list[tuple[Any, ...]]) -> tuple[float, float]:
    """Return a request's median latency, and the API server's CPU for one, in ms."""
    before, latencies = usage.cpu(pid), []
    for request in requests:
        began = time.perf_counter()
        api.request(*request)
        latencies.append(time.perf_counter() - began)
    return 1000 * statistics.median(latencies), 1000 * (usage.cpu(pid) - before) / len(requests)
