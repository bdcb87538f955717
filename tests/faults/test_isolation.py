"""While a tenant does the worst that the API server lets through, another one's change is acted on in time.

The two seconds are the one time that a test of ours asserts: they are the promise. Every attack is bounded in
number, comes from one namespace, and uses no more than a namespace's editor may do. The figures are printed.
"""

import concurrent.futures
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import yaml

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.faults.neighbours import Figures, Neighbour
from tests.live.client import Client, eventually
from tests.live.namespaces import fresh_namespace
from tests.live.server import ServerError
from tests.shared.builders import Manifest, a_formation, a_process

pytestmark = pytest.mark.alone

PROMISE = 2.0
"""Seconds until another tenant's change is acted on."""
AFTER = 5.0
AT_ONCE = 8
Attack = Callable[[Client], None]


def limit() -> float:
    """Return the operator's memory limit as it is shipped, in MiB."""
    manifest = paths.ROOT / "manifests" / "operator" / "deployment.yaml"
    (deployment,) = (
        each for each in yaml.safe_load_all(manifest.read_text()) if each["kind"] == "Deployment"
    )
    memory = deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
    return float(memory.removesuffix("Mi"))


def create(client: Client, kind: str, manifests: Iterable[Manifest]) -> None:
    """Create many objects; what the API server refuses is no attack."""

    def one(manifest: Manifest) -> None:
        try:
            client.server.create(kind, client.namespace, manifest)
        except ServerError as error:
            if error.status not in (400, 409, 413, 422):
                raise

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, manifests))


def create_formations(client: Client, name: str, number: int, **spec: Any) -> list[str]:
    """Create many Formations that differ in their names alone, which are returned."""
    names = [f"{name}-{each}" for each in range(number)]
    create(client, "formation", (a_formation(each, **spec) for each in names))
    return names


def set_image(client: Client, name: str, version: int) -> None:
    client.server.merge("formation", client.namespace, name, {"spec": {"image": f"shop:v{version}"}})


def idle(*command: str, **fields: object) -> Manifest:
    return a_process(*command, replicas=0, **fields)


def slow_words(client: Client) -> None:
    """Words that a backtracking pattern is slow at, as a command and as a shell's script."""
    words = [
        ("screen", "-d", "-" + "m" * 60_000 + "!"),
        ("/usr/" + "a" * 60_000 + "/bin/x",),
        ("/bin/sh", "-c", "exec " * 12_000),
        ("/bin/sh", "-c", "a" * 60_000 + " &"),
        ("env", *["A=" + "b" * 900] * 60, "nginx"),
        ("nginx", "-g", "daemon " * 8_000),
    ]
    create(
        client,
        "formation",
        [a_formation(f"slow-{number}", processes={"web": idle(*each)}) for number, each in enumerate(words)],
    )


def wide_specs(client: Client) -> None:
    """Formations with as much of everything as their size allows."""
    variables = [{"name": f"VARIABLE_{number}", "value": "x"} for number in range(200)]
    containers = [
        {"name": f"side-{number}", "image": "side:v1", "env": variables[: 200 // (1 + number)]}
        for number in range(31)
    ]
    wide = {"spec": {"containers": containers}}
    types = {f"t{number}": idle(podTemplate=wide if number == 0 else {}) for number in range(32)}
    shared = a_formation("shared", podTemplate=wide, processes={f"t{number}": idle() for number in range(32)})
    referring = [{"name": f"A{number}", "value": "$(A0)" * 190} for number in range(250)]
    deep = a_formation("deep", env=referring, processes={f"t{number}": idle() for number in range(32)})
    create(client, "formation", [shared, deep, a_formation("one", processes=types)])


def big_specs(client: Client) -> None:
    """A hundred Formations of nearly a megabyte."""
    filler = {"annotations": {"example.com/filler": "x" * 200_000}}
    processes = {f"t{number}": idle(podTemplate={"metadata": filler}) for number in range(4)}
    create_formations(client, "big", 100, processes=processes)


def burst(client: Client) -> None:
    """Many Formations at once."""
    create_formations(client, "app", 600, processes={name: idle() for name in ("web", "worker", "clock")})


def many_edits(client: Client) -> None:
    """One edit after the other of the same Formations, as fast as the API server takes them."""
    names = create_formations(client, "edited", 40, processes={"web": idle()})

    def edit(name: str) -> None:
        for number in range(25):
            set_image(client, name, number)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(edit, names))


def taken_names(client: Client) -> None:
    """Formations whose every child's name is taken by an object of somebody else."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "a:v1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    about = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    create(client, "deployment", ({**about, "metadata": {"name": f"taken-{n}-web"}} for n in range(40)))
    create_formations(client, "taken", 40, processes={"web": idle()})


def forged_children(client: Client) -> None:
    """Objects with our labels that no Formation has made: Deployments, Services and Pods."""
    labels = {"formations.dev/formation": "forged", "formations.dev/process-type": "web"}
    ports = {"ports": [{"port": 80}], "selector": labels}
    container = {"name": "web", "image": "a:v1", "command": ["x" * 60_000]}
    pod = {"schedulingGates": [{"name": "example.com/hold"}], "containers": [container]}
    for kind, spec in (("Service", ports), ("Pod", pod)):
        about = {"apiVersion": "v1", "kind": kind, "spec": spec}
        names = ({"name": f"forged-{number}", "labels": labels} for number in range(150))
        create(client, kind.lower(), ({**about, "metadata": each} for each in names))


def fights(client: Client) -> None:
    """A client that puts its own version of a child over ours, with an old digest, again and again."""
    client.server.create("formation", client.namespace, a_formation("fought", processes={"web": idle()}))
    old = eventually(lambda: client.find("deployment", "fought-web"))
    patch = {
        "metadata": {"annotations": old["metadata"]["annotations"]},
        "spec": {"template": {"spec": {"terminationGracePeriodSeconds": 7}}},
    }
    set_image(client, "fought", 2)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        client.merge("deployment", "fought-web", patch)
        time.sleep(0.02)


def loud_pods(client: Client) -> None:
    """Pods that aren't well, each with many large Events about it."""
    client.server.create(
        "formation", client.namespace, a_formation("loud", processes={"web": a_process(replicas=20)})
    )
    pods = eventually(lambda: client.list_all("pod")[:5] if len(client.list_all("pod")) >= 5 else None)
    about = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "type": "Warning",
        "reason": "Unhealthy",
        "action": "Probe",
        "note": "x" * 1000,
        "reportingController": "example.com/loud",
        "reportingInstance": "loud",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
    }
    filler = {"example.com/filler": "x" * 15_000}
    regarding = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            **{key: pod["metadata"][key] for key in ("namespace", "name", "uid")},
        }
        for pod in pods
    ]
    events = (
        {**about, "metadata": {"name": f"loud-{n}", "annotations": filler}, "regarding": regarding[n % 5]}
        for n in range(1500)
    )
    create(client, "events.events.k8s.io", events)


def failing_releases(client: Client) -> None:
    """A hundred Formations whose release fails within a second, edited again and again."""
    release = {"command": ["/shop", "migrate"], "activeDeadlineSeconds": 1}
    held = {"spec": {"schedulingGates": [{"name": "example.com/hold"}]}}
    failing = {"release": release, "podTemplate": held, "processes": {"web": idle()}}
    names = create_formations(client, "failing", 100, **failing)
    for version in (2, 3):
        for name in names:
            set_image(client, name, version)


LONG = (
    *(wide_specs, taken_names, big_specs, burst, many_edits, forged_children),
    *(fights, loud_pods, failing_releases),
)
ATTACKS = [slow_words, *(pytest.param(each, marks=pytest.mark.long) for each in LONG)]


@pytest.fixture
def attacker(installed: Cluster) -> Iterator[Client]:
    """The tenant who does his worst."""
    with fresh_namespace(installed) as namespace:
        yield Client(installed, namespace)


@pytest.fixture
def neighbour(user: Client, operator: OperatorProcess) -> Neighbour:
    """The tenant who scales meanwhile."""
    return Neighbour(user, operator)


def check(figures: Figures, name: str) -> None:
    """Print the figures, and fail unless the promise was kept."""
    print(f"{name}: {figures}")
    assert figures.worst < PROMISE, json.dumps([round(each, 2) for each in figures.latencies])
    assert figures.unhealthy == 0
    assert figures.memory < limit()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_another_tenants_change_is_acted_on_in_time_during_and_after_a_restart(
    attack: Attack, attacker: Client, neighbour: Neighbour, operator: OperatorProcess
) -> None:
    before = operator.pid

    check(neighbour.while_(lambda: attack(attacker), AFTER), attack.__name__)

    assert operator.pid == before
    operator.restart()
    restarted = operator.pid
    check(neighbour.while_(lambda: None, AFTER), f"{attack.__name__}, after a restart")
    assert operator.pid == restarted
