"""A CRD that is older than ours: it prunes fields of ours, or took what ours refuses."""

import copy
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.kustomization import load
from hack.operator_process import OperatorProcess
from tests.contract.counting import count, counts
from tests.live import releases
from tests.live.client import Client, established, eventually, throughout
from tests.shared import builders
from tests.shared.builders import Manifest, a_formation, a_process

pytestmark = pytest.mark.alone

CRDS = paths.ROOT / "crds"
LOST = ("release", "schedules")
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
SHOP = a_formation(
    image="shop:v1",
    release=releases.RELEASE,
    processes={"web": a_process("/shop", "web", replicas=1), "worker": a_process(replicas=2)},
    schedules={"nightly": REPORT},
)
NEWER = {**SHOP, "spec": {**SHOP["spec"], "image": "shop:v2"}}
V1, V2 = (dict.fromkeys(("shop-web", "shop-worker"), image) for image in ("shop:v1", "shop:v2"))
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
UNREADABLE = {
    "listed": {"image": builders.IMAGE, "processes": [{"name": "web", "command": ["/shop"]}]},
    "worded": {"image": builders.IMAGE, "processes": {"web": {"command": ["/shop"], "replicas": "two"}}},
    "empty": {},
}
"""Specs of which nothing can be made."""
IMAGELESS = a_formation("imageless") | {"spec": {"processes": {"web": a_process()}}}
"""One that is rendered, and refused then."""
ALIKE = a_formation("alike", processes={"web": {}, "worker": {}})
"""One that today's schema refuses at apply, and that runs."""
Older = Callable[[Manifest], None]


def without_fields(version: Manifest) -> None:
    """Make it one from before releases, schedules and the summary."""
    schema = version["schema"]["openAPIV3Schema"]
    for part, name in (("status", "summary"), *(("spec", each) for each in LOST)):
        del schema["properties"][part]["properties"][name]
    _forget(schema)


def _forget(schema: Any) -> None:
    """Take away the rules about the fields that are gone: they would be refused."""
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, dict | list):
            _forget(each)
    if isinstance(schema, dict) and "x-kubernetes-validations" in schema:
        rules = schema["x-kubernetes-validations"]
        kept = [each for each in rules if not any(name in json.dumps(each) for name in LOST)]
        schema["x-kubernetes-validations"] = kept


def without_rules(version: Manifest) -> None:
    """Make it one that takes any spec, and so has no count to scale."""
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = ANYTHING
    schema.pop("x-kubernetes-validations")
    version["subresources"].pop("scale")


@pytest.fixture
def older(user: Client, installed: Cluster) -> Iterator[Callable[[Older], None]]:
    """Put an older CRD in the place of ours; afterwards it is as it was."""

    def put(change: Older) -> None:
        (crd,) = load(CRDS / "formations.yaml")
        (version,) = crd["spec"]["versions"]
        change(version)
        installed.run_kubectl("apply", "-f", "-", stdin=json.dumps(crd))

    try:
        yield put
    finally:
        user("delete", "formations", "--all")
        installed.run_kubectl("apply", "-k", str(CRDS))
        established(user, "formations.formations.dev")


def keeps_releases(user: Client) -> bool:
    """Tell whether the schema that is in force, a moment after it is stored, keeps a release."""
    path = f"{user.server.path('formation', user.namespace)}?dryRun=All"
    probe = {**SHOP, "metadata": {"name": "probe"}}
    return "release" in json.loads(user.server.request("POST", path, probe))["spec"]


def test_what_an_older_crd_prunes_changes_nothing_but_counts_until_the_manifest_is_applied_again(
    older: Callable[[Older], None], user: Client, installed: Cluster
) -> None:
    user.apply(SHOP)
    releases.succeeded(user)
    user.apply(NEWER)
    releases.end(user, 3, "no database", name=releases.digest(user))
    releases.state(user, "Failed")
    before = releases.uids(user, "deployment", "replicaset", "cronjob", "job")

    older(without_fields)
    eventually(lambda: not keeps_releases(user))
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 5}}}})
    assert not {*LOST} & {*user.get("formation", "shop")["spec"]}
    eventually(lambda: count(user) == 5)
    ready = eventually(lambda: (found := user.condition("Ready")) and found["reason"] == "Outdated" and found)
    assert all(f"spec.{name}" in ready["message"] for name in LOST)
    assert user.condition("Outdated")
    assert "summary" not in user.get("formation", "shop")["status"]

    def unchanged() -> tuple[Any, ...]:
        cron_job = user.get("cronjob", "shop-nightly")["spec"]
        here = releases.uids(user, "deployment", "replicaset", "cronjob", "job")
        return copy.deepcopy((here, releases.images(user), cron_job["suspend"], cron_job["schedule"]))

    assert throughout(2, unchanged) == (before, V1, False, REPORT["schedule"])
    ran = count(user), count(user, "shop-web")
    user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: (count(user), count(user, "shop-web")) == (0, 0))
    user.merge("formation", "shop", {"spec": {"suspend": None}})
    eventually(lambda: (count(user), count(user, "shop-web")) == ran)
    assert releases.images(user) == V1

    installed.run_kubectl("apply", "-k", str(CRDS))
    eventually(lambda: keeps_releases(user))
    eventually(lambda: user.get("formation", "shop")["status"].get("summary"))
    assert (releases.images(user), (user.condition("Ready") or {})["reason"]) == (V1, "Outdated")
    user.apply(NEWER)
    eventually(lambda: user.condition("Outdated") is None)  # the watch may prune for a moment more
    releases.state(user, "Failed")
    assert releases.images(user) == V1
    user("delete", "job", f"shop-release-{releases.digest(user)}")
    releases.succeeded(user)
    assert releases.images(user) == V2
    eventually(lambda: (count(user), count(user, "shop-web")) == (2, 1))


def is_taken(user: Client, manifest: Manifest, *flags: str) -> bool:
    """Apply a manifest, and tell whether the schema that is in force takes it."""
    return user("apply", "-f", "-", *flags, input=builders.text(manifest), check=False).returncode == 0


def told(user: Client, name: str) -> str:
    """Return what is said of a Formation: by its status, or where that can't be written by an Event."""
    stalled = user.condition("Stalled", name) or {}
    events = [each["note"] for each in user.all_events() if each["regarding"]["name"] == name]
    return " ".join([stalled.get("reason", ""), stalled.get("message", ""), *events])


@pytest.mark.long
def test_what_todays_schema_refuses_is_reported_and_holds_up_neither_the_operator_nor_others(
    older: Callable[[Older], None], user: Client, installed: Cluster, operator: OperatorProcess
) -> None:
    older(without_rules)
    stored = [a_formation(name) | {"spec": spec} for name, spec in UNREADABLE.items()]
    for manifest in [*stored, IMAGELESS, ALIKE]:
        eventually(functools.partial(is_taken, user, manifest))
    installed.run_kubectl("apply", "-k", str(CRDS))
    eventually(lambda: not is_taken(user, stored[0], "--dry-run=server"))
    assert not is_taken(user, a_formation("new", processes=ALIKE["spec"]["processes"]), "--dry-run=server")
    operator.restart()
    user.apply(a_formation("well"))
    user.reported("well")

    for name in UNREADABLE:
        assert "spec.processes" in eventually(functools.partial(told, user, name)), name
    assert "image" in eventually(functools.partial(told, user, "imageless"))
    user.merge("formation", "well", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    eventually(lambda: count(user, "well-worker") == 3)
    process = operator.pid
    running = {"well-worker": 3, "alike-web": 1, "alike-worker": 1}
    assert throughout(2, lambda: (operator.pid, counts(user))) == (process, running)
    assert user.condition("Stalled", "alike") is None

    user.apply(a_formation("listed"))
    eventually(lambda: count(user, "listed-worker") == 1)
    eventually(lambda: user.condition("Stalled", "listed") is None)
