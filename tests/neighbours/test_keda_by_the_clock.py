"""A type whose count a real KEDA sets by the clock and by a queue, as the page has it."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator

import pytest
import yaml

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import system_image
from tests.contract.counting import Record, count, managed_by
from tests.live import once
from tests.live.client import Client, eventually, throughout
from tests.live.namespaces import fresh_namespace
from tests.shared import documents
from tests.shared.builders import Manifest, a_formation
from tests.systems import redis_store

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]
PAGE = "docs/how-to/autoscale.md"
(RECIPE,) = (
    shown
    for place, shown in documents.objects()
    if place.startswith(PAGE) and shown.get("kind") == "ScaledObject"
)
(OTHER_QUEUE,) = re.findall(r"`(\{type: metrics-api.*)`", (paths.ROOT / PAGE).read_text())
KEDA = "ScaledObject/shop-worker"
HURRY = {"pollingInterval": 1, "cooldownPeriod": 5}
AS_FLUX = ("--server-side", "--force-conflicts", "--field-manager=kustomize-controller")
SLEEPY = {"worker": {"command": ["sleep", "infinity"]}}
"""It has no count of its own, as Git hasn't."""


@pytest.fixture
def awake(with_keda: Cluster) -> Iterator[Client]:
    """A user of a cluster with KEDA, whose Pods run."""
    once.load(with_keda, system_image.build("celery"))
    with fresh_namespace(with_keda) as name:
        yield Client(with_keda, name)


def recipe(queue: Manifest, start: int, end: int) -> Manifest:
    """Return the page's ScaledObject, in a hurry, with a queue, and hours so many minutes from now."""
    (clock, _) = RECIPE["spec"]["triggers"]
    now = datetime.datetime.now(zoneinfo.ZoneInfo(clock["metadata"]["timezone"]))
    times = {"start": now + datetime.timedelta(minutes=start), "end": now + datetime.timedelta(minutes=end)}
    hours = {name: f"{time.minute} {time.hour} * * *" for name, time in times.items()}
    clock = {**clock, "metadata": {**clock["metadata"], **hours}}
    return {**RECIPE, "spec": {**RECIPE["spec"], **HURRY, "triggers": [clock, queue]}}


def at(queue: Manifest, key: str, user: Client, service: str) -> Manifest:
    """Return a trigger with the address that a Service of the page has here: there is no DNS."""
    address = str(user.get("service", service)["spec"]["clusterIP"])
    about = {**queue["metadata"], key: re.sub(r"[\w-]+\.team-a", address, queue["metadata"][key])}
    return {**queue, "metadata": about}


def sleeps(user: Client) -> None:
    """See that a type comes to have no process, and that its Formation is ready so."""
    eventually(lambda: count(user) == 0)
    eventually(lambda: user.reported()["status"]["processes"]["worker"]["state"] == "Idle")
    eventually(user.meets)


def unchanged_by(user: Client, flags: tuple[str, ...], *in_git: Manifest) -> None:
    """Sync, and see that no count and nothing that was declared differs afterwards."""

    def there() -> tuple[object, ...]:
        declared = (user.get(each["kind"].lower(), each["metadata"]["name"]) for each in in_git)
        return count(user), managed_by(user), *(each["metadata"]["generation"] for each in declared)

    eventually(lambda: managed_by(user) == KEDA)
    before = there()
    for each in in_git:
        user.apply(each, *flags)
    assert throughout(10, there) == before


def test_a_type_follows_the_clock_and_a_queue_and_sleeps_otherwise_and_no_sync_sets_its_count_back(
    awake: Client,
) -> None:
    address = redis_store.started(awake)
    queue = at(RECIPE["spec"]["triggers"][1], "address", awake, "store-redis")
    app = a_formation(processes=SLEEPY, image=redis_store.IMAGE)
    awake.applied(app, *AS_FLUX)
    record = Record(awake, "shop-worker")
    night = recipe(queue, 120, 180)
    eventually(lambda: redis_store.answers(address))
    awake.apply(night, *AS_FLUX)
    sleeps(awake)
    unchanged_by(awake, AS_FLUX, app, night)

    redis_store.fill(address, "jobs", 50)
    eventually(lambda: count(awake) == 3)
    unchanged_by(awake, AS_FLUX, app, night)
    redis_store.fill(address, "jobs", 0)
    sleeps(awake)

    day = recipe(queue, 1, 2)
    awake.apply(day, *AS_FLUX)
    eventually(lambda: count(awake) == 3, patience=90)
    redis_store.fill(address, "jobs", 100)
    eventually(lambda: count(awake) == 5)
    unchanged_by(awake, AS_FLUX, app, day)
    redis_store.fill(address, "jobs", 0)
    eventually(lambda: count(awake) == 0, patience=180)
    sleeps(awake)
    assert record.counts() == [1, 0, 1, 3, 0, 1, 3, 5, 0]


def test_a_type_is_woken_by_jobs_that_the_app_itself_counts_and_no_sync_sets_its_count_back(
    awake: Client,
) -> None:
    serve = "cd /tmp && echo '{\"jobs\": 0}' > waiting && exec python3 -m http.server 8080"
    web = {"command": ["sh", "-c", serve], "port": 8080, "replicas": 1}
    app = a_formation(processes={**SLEEPY, "web": web}, image=redis_store.IMAGE)
    awake.apply(app)
    queue = eventually(lambda: at(yaml.safe_load(OTHER_QUEUE), "url", awake, "shop-web"))
    eventually(awake.meets)
    night = recipe(queue, 120, 180)
    awake.apply(night)
    sleeps(awake)

    def wait(jobs: int) -> None:
        awake("exec", "deployment/shop-web", "--", "sh", "-c", f"echo '{{\"jobs\": {jobs}}}' > /tmp/waiting")

    wait(50)
    eventually(lambda: count(awake) == 3)
    unchanged_by(awake, (), app, night)
    wait(0)
    sleeps(awake)
    unchanged_by(awake, (), app, night)
