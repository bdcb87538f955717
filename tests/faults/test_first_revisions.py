"""An upgrade from before there were revisions: 1,000 Formations get one each, and nobody restarts or waits.

The version before is really run, from the repository's history. A shallow clone hasn't that commit. There
today's operator works on the Formations first, and their revisions are taken away, which the output says.
It also says how long another tenant's change takes meanwhile, and how long where no revision is missing.
"""

import concurrent.futures
import contextlib
import datetime
import pathlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests import released, versions
from tests.audit import calls
from tests.builders import a_formation, a_process
from tests.client import Client, eventually, is_ready
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.contract.quiet import is_held, settle
from tests.faults.neighbours import Neighbour
from tests.namespaces import HELD, fresh_namespace
from tests.operator_process import OperatorProcess
from tests.server import Object

pytestmark = [pytest.mark.alone, pytest.mark.long]

NAMESPACES, EACH = 10, 100
ALL = NAMESPACES * EACH
REVISION = "controllerrevisions.apps"
WRITES = ("create", "update", "patch", "delete", "deletecollection")
PATIENCE = 300.0
Upgrade = Callable[[], None]
Tenants = Sequence[Client]


# The version before


@pytest.fixture
def tenants(installed: Cluster) -> Iterator[Tenants]:
    """Namespaces for the Formations. A simulated node runs all their Pods, a real one would have no room."""
    labels = HELD if installed.node == "real" else {}
    with contextlib.ExitStack() as made:
        names = [made.enter_context(fresh_namespace(installed, labels)) for _ in range(NAMESPACES)]
        yield [Client(installed, name) for name in names]


@pytest.fixture
def upgrade(operator: OperatorProcess, tenants: Tenants, tmp_path: pathlib.Path) -> Iterator[Upgrade]:
    """Have the version before at work; call it to end that, and to install what today's operator needs."""
    try:
        sources = released.extract(tmp_path / "before", released.BEFORE_REVISIONS)
    except released.NotHereError as error:
        print(f"the version before is today's, whose revisions are taken away: {error}")
        yield lambda: take_away(operator, tenants)
        operator.restart()
        return

    with versions.instead_of(operator, sources) as before:

        def end() -> None:
            assert not any(tenant.list_all(REVISION) for tenant in tenants)
            before.operator.stop()
            versions.install(operator.cluster, paths.ROOT)

        yield end


def take_away(operator: OperatorProcess, tenants: Tenants) -> None:
    """Stop the operator, and leave no trace of its revisions."""
    operator.stop()
    operations = [{"op": "remove", "path": "/status/revision"}]
    for tenant in tenants:
        api = tenant.server
        api.request("DELETE", api.path(REVISION, tenant.namespace))
        for name in named(tenant.list_all("formation")):
            path = f"{api.path('formation', tenant.namespace, name)}/status"
            api.request("PATCH", path, operations, {"Content-Type": "application/json-patch+json"})


def fill(tenants: Tenants) -> None:
    """Make all Formations, and wait until nothing of them changes any more."""
    processes = {"web": a_process("/shop", "web", replicas=1)}
    manifests = [a_formation(f"app-{number}", processes=processes) for number in range(EACH)]

    def make(tenant: Client) -> None:
        for manifest in manifests:
            tenant.server.create("formation", tenant.namespace, manifest)

    with concurrent.futures.ThreadPoolExecutor(NAMESPACES) as pool:
        list(pool.map(make, tenants))
    eventually(lambda: are_all(tenants, is_done), PATIENCE)


def are_all(tenants: Tenants, hold: Callable[[Object], bool]) -> bool:
    """Tell whether something is so of all Formations; it costs much, so it is asked for seldom."""
    time.sleep(1)
    return all(hold(item) for tenant in tenants for item in tenant.list_all("formation"))


def is_done(formation: Object) -> bool:
    """Tell whether all runs, or else is held."""
    processes = formation["status"].get("processes") or {}
    return bool(processes) and (is_ready(formation) or all(map(is_held, processes.values())))


# What an upgrade leaves alone, and what it makes


def running(tenants: Tenants) -> dict[str, object]:
    """Return, by uid, generation and template of each Deployment, and the template's hash of each Pod."""
    deployments = {
        item["metadata"]["uid"]: (item["metadata"]["generation"], item["spec"]["template"])
        for tenant in tenants
        for item in tenant.list_all("deployment")
    }
    pods = {
        item["metadata"]["uid"]: item["metadata"]["labels"]["pod-template-hash"]
        for tenant in tenants
        for item in tenant.list_all("pod")
    }
    assert len(deployments) == len(pods) == ALL
    return {**deployments, **pods}


def until_kept(tenants: Tenants) -> None:
    """Wait until there are as many revisions as Formations."""
    eventually(lambda: count(tenants) >= ALL, PATIENCE)


def count(tenants: Tenants) -> int:
    """Return how many revisions there are; it costs little, and is asked for seldom."""
    time.sleep(1)
    pages = [
        tenant.server.ask(tenant.server.path(REVISION, tenant.namespace), limit="1") for tenant in tenants
    ]
    return sum(len(page["items"]) + page["metadata"].get("remainingItemCount", 0) for page in pages)


def named(items: list[Object]) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in items}


def written(tenants: Tenants, since: str) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return what the operator has written here, and when it made each revision, by the audit log."""
    names = {tenant.namespace for tenant in tenants}
    records = [each for each in calls.recorded(since) if each.call.namespace in names]
    found = [each for each in records if each.call.verb in WRITES]
    made = [
        each.time
        for each in found
        if (each.call.verb, each.call.resource) == ("create", "controllerrevisions")
    ]
    return Counter((each.call.verb, each.call.resource) for each in found), sorted(made)


def seconds(since: str, until: str) -> float:
    first, last = map(datetime.datetime.fromisoformat, (since, until))
    return (last - first).total_seconds()


def test_1000_formations_from_before_get_a_revision_each_and_nothing_restarts(
    upgrade: Upgrade, tenants: Tenants, kubectl: Client, operator: OperatorProcess
) -> None:
    neighbour = Neighbour(kubectl, operator)
    fill(tenants)
    settle(kubectl, *tenants)
    before = running(tenants)
    upgrade()

    since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    operator.start()
    began = time.monotonic()
    meanwhile = neighbour.while_(lambda: until_kept(tenants), 0)
    lasted = time.monotonic() - began
    eventually(lambda: are_all(tenants, lambda item: "revision" in item["status"]))
    settle(kubectl, *tenants)

    assert running(tenants) == before
    for tenant in tenants:
        formations, revisions = named(tenant.list_all("formation")), named(tenant.list_all(REVISION))
        said = {item["status"]["revision"]["name"]: name for name, item in formations.items()}
        of = {name: item["metadata"]["ownerReferences"][0]["name"] for name, item in revisions.items()}
        assert said == of
        assert [item["status"]["revision"]["number"] for item in formations.values()] == [1] * EACH
        assert [item["revision"] for item in revisions.values()] == [1] * EACH
        assert tenant.events("Deployed") == []
    asked, made = written(tenants, since)
    # Server-side apply that creates needs both rights: a request is in here as both.
    assert asked == {
        ("patch", "controllerrevisions"): ALL,
        ("create", "controllerrevisions"): ALL,
        ("patch", "formations/status"): ALL,
    }

    afterwards = neighbour.while_(lambda: time.sleep(lasted), 0)
    operator.restart()
    restarted = neighbour.while_(lambda: time.sleep(lasted), 0)
    took = seconds(made[0], made[-1])
    print(f"{ALL} first revisions, from {seconds(since, made[0]):.1f} s after the upgraded operator's start")
    print(f"to {seconds(since, made[-1]):.1f} s: {(ALL - 1) / took:.1f}/s")
    print(f"another tenant meanwhile:                  {meanwhile}")
    print(f"the same afterwards:                       {afterwards}")
    print(f"the same after a start with none to write: {restarted}")
