"""Every kind of process runs as a process type: with its port, its log, and a graceful end.

The samples are applied as they are. Between them they have what a process can be: children on
demand (Apache), memory and CPU taken up front (the JVM), concurrency inside one thread (Node.js,
Twisted, EventMachine), a plain unix worker, and a clock.
"""

import concurrent.futures
import signal
from collections.abc import Iterator

import pytest

from hack.images.system_image import IN_EVERY_RUN
from tests.live.client import Client, eventually
from tests.systems.running import PATIENCE, WEB_SERVERS, Running, Sample
from tests.systems.web_client import get, try_to_get

pytestmark = pytest.mark.node

PAUSE = 5
"""Seconds between the end of new requests and SIGTERM."""
SLOW = PAUSE + 3
MEBIBYTE = 2**20
OWN_EXIT_CODE = {"jvm": 128 + 15}
"""Where a server's own exit code after SIGTERM isn't 0."""


@pytest.fixture(
    scope="module",
    params=[
        name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.long) for name in WEB_SERVERS
    ],
)
def web(request: pytest.FixtureRequest, restricted: Client, sample: Sample) -> Iterator[Running]:
    """Run a system's web."""
    running = Running(restricted, request.param, "web")
    restricted.apply(sample(running.formation))
    running.settled(1)
    yield running
    restricted("delete", "formation", running.formation)


@pytest.fixture(scope="module")
def plain(restricted: Client, sample: Sample) -> Client:
    """Run the sample of plain unix processes."""
    restricted.apply(sample("plain"))
    return restricted


@pytest.fixture
def worker(plain: Client) -> Running:
    """Return its worker."""
    return Running(plain, "plain", "worker")


@pytest.fixture
def clock(plain: Client) -> Running:
    """Return its clock."""
    return Running(plain, "plain", "clock")


def has_logged(running: Running, text: str) -> None:
    assert eventually(lambda: text in running.kubectl("logs", running.deployment).stdout)


def seen_killed(running: Running) -> None:
    """Wait until the process runs again and is trusted to, and see that the status tells of its end."""
    eventually(lambda: running.status()["restarts"] == 1, PATIENCE)
    running.settled(1)
    assert running.status()["lastExit"]["signal"] == signal.SIGKILL


def test_web_answers_on_its_port_and_logs_to_stdout(web: Running) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in web.pods())

    assert eventually(lambda: try_to_get(f"{web.url()}/?slow=0")) == f"{pod} waited 0 s\n"

    has_logged(web, "GET /?slow=0")


def test_web_that_is_killed_is_started_again(web: Running) -> None:
    web.kill()

    seen_killed(web)

    assert eventually(lambda: try_to_get(web.url()))


def test_web_that_is_scaled_in_answers_what_is_under_way_and_ends_by_itself(web: Running) -> None:
    web.scale(2)
    urls = [f"{url}/?slow={SLOW}" for url in web.urls()]

    with web.held(), concurrent.futures.ThreadPoolExecutor() as clients:
        answers = clients.map(get, urls)
        web.kubectl("scale", web.deployment, "--replicas=1")
        end = web.end_of_one()
        assert all(f"waited {SLOW} s\n" in answer for answer in answers)

    assert end.exit_code == OWN_EXIT_CODE.get(web.formation, 0)
    assert PAUSE <= end.seconds < end.grace
    web.settled(1)


def test_plain_processes_log_to_stdout_and_are_started_again_when_they_are_killed(
    worker: Running, clock: Running
) -> None:
    for process in (worker, clock):
        process.settled(1)
        has_logged(process, f"{process.process_type}: ")

    for process in (worker, clock):
        process.kill()

    for process in (worker, clock):
        seen_killed(process)


def test_a_worker_that_is_scaled_in_finishes_its_job_and_ends_by_itself(worker: Running) -> None:
    worker.scale(2)

    with worker.held(), worker.followed() as written:
        worker.kubectl("scale", worker.deployment, "--replicas=1")
        end = worker.end_of_one()
        lines = written(end.pod)

    # After its grace period, counted by a kubelet that may be late, it would be 137.
    assert end.exit_code == 0
    assert "stopped after job" in lines[-1]
    assert sum("begun" in line for line in lines) == sum("done" in line for line in lines) > 0
    worker.settled(1)


def test_a_clock_that_is_scaled_in_ends_at_once_and_comes_back(clock: Running) -> None:
    clock.settled(1)

    with clock.held(), clock.followed() as written:
        clock.kubectl("scale", clock.deployment, "--replicas=0")
        end = clock.end_of_one()
        lines = written(end.pod)

    # Half its grace period is for a kubelet that is late to ask it.
    assert (end.exit_code, end.seconds < end.grace / 2) == (0, True)
    assert lines[-1] == "clock: stopped"
    clock.settled(0)
    clock.scale(1)


def heap(jvm: Running) -> float:
    jvm.settled(1)
    return int(eventually(lambda: try_to_get(f"{jvm.url()}/heap"))) / MEBIBYTE


@pytest.mark.long
def test_the_heap_of_a_jvm_follows_its_memory(restricted: Client, sample: Sample) -> None:
    heaps = {}
    manifest = sample("jvm")
    for limit in (256, 512):
        manifest["spec"]["processes"]["web"]["resources"]["limits"]["memory"] = f"{limit}Mi"
        restricted.apply(manifest)
        heaps[limit] = heap(Running(restricted, "jvm", "web"))

    assert all(0.5 * limit < size <= 0.6 * limit for limit, size in heaps.items())
    assert heaps[512] == pytest.approx(2 * heaps[256], rel=0.05)
