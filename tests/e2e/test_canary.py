"""Canaries as real processes: what fails in one changes nothing else, and what stands loses no request."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.containers import of_debian, sh, version_of
from tests.e2e.workers import READY
from tests.live.client import Client, eventually, fetch, throughout
from tests.shared.builders import Manifest, a_process

pytestmark = pytest.mark.node
SERVES = """\
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["VERSION"].encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
SECONDS = 5
FAILS = sh("echo no database >&2; exit 3")


def shop(version: str = "1", **worker: Any) -> Manifest:
    """Return a Formation with a web that answers with its version, and a worker."""
    lives = {"replicas": 2, "terminationGracePeriodSeconds": 1, "minReadySeconds": 1, **worker}
    return of_debian(
        canary={"seconds": SECONDS},
        env=[{"name": "VERSION", "value": version}],
        processes={
            "web": a_process("python3", "-c", SERVES, replicas=2, port=8080, minReadySeconds=1),
            "worker": a_process(*lives.pop("command", ["sleep", "inf"]), **lives),
        },
    )


@pytest.fixture
def deployed(person: Client) -> Client:
    """A user whose app runs in its first version."""
    person.ready(shop())
    return person


def mains(user: Client) -> dict[str, str]:
    """Return the Pods that are no canaries, with their versions."""
    labelled = [(pod["metadata"]["labels"], pod) for pod in user.list_all("pod")]
    pods = [pod for labels, pod in labelled if labels.get("formations.dev/track") == "stable"]
    return {pod["metadata"]["name"]: version_of(pod) for pod in pods}


def canaries(user: Client) -> set[str]:
    found = user.list_all("deployment")
    return {each["metadata"]["name"] for each in found if each["metadata"]["name"].endswith("-canary")}


def runs(user: Client, version: str) -> None:
    """Wait until nothing but a version runs."""
    eventually(lambda: set(mains(user).values()) == {version} and not canaries(user))


def has_failed(user: Client) -> bool:
    """Tell whether the Formation isn't ready because of worker's canary, with its last words."""
    condition = user.condition("Ready") or {}
    assert condition.get("reason") == "CanaryFailed", condition
    assert "worker: " in condition["message"]
    assert "no database" in condition["message"]
    return True


def test_a_worker_that_fails_changes_nothing_and_a_version_that_works_takes_its_place(
    deployed: Client,
) -> None:
    before = mains(deployed)
    deployed.apply(shop("2", command=[*FAILS]))

    eventually(lambda: has_failed(deployed), patience=120)
    assert throughout(10, lambda: mains(deployed)) == before
    assert deployed.get("formation", "shop")["status"]["revision"]["number"] == 1
    deployed.applied(shop("3"))
    deployed(*READY)

    runs(deployed, "3")
    assert deployed.get("formation", "shop")["status"]["revision"]["number"] == 2


class Asking:
    """Asks web again and again through its Service, on a connection for each request."""

    def __init__(self, user: Client) -> None:
        service = user.get("service", "shop-web")["spec"]
        self._address = f"http://{service['clusterIP']}:{service['ports'][0]['port']}/"
        self.answers: Counter[str] = Counter()
        self.lost: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._over.wait(0.02):
            try:
                self.answers[fetch(self._address)] += 1
            except OSError as error:
                self.lost.append(str(error))

    def end(self) -> None:
        """Stop asking."""
        self._over.set()
        self._thread.join()


@pytest.fixture
def asking(deployed: Client) -> Iterator[Asking]:
    """Anyone who asks web all the time."""
    asks = Asking(deployed)
    yield asks
    asks.end()


def test_a_deploy_with_canaries_loses_no_request_and_the_canary_of_web_gets_its_share(
    deployed: Client, asking: Asking
) -> None:
    deployed.apply(shop("2"))
    eventually(lambda: canaries(deployed) == {"shop-web-canary", "shop-worker-canary"})
    eventually(lambda: asking.answers["2"])
    assert set(mains(deployed).values()) == {"1"}
    deployed.reported()
    deployed(*READY)
    runs(deployed, "2")
    asking.end()

    print(asking.answers, asking.lost)
    assert not asking.lost
