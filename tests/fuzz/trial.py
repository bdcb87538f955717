"""What must hold of every hostile Formation, and of a neighbour meanwhile.

It is refused with a message that names what is wrong, or the operator makes of it what it says, or its status
tells why not. The operator stays the same process, and well; nothing of the input looks like a line of its
log or a metric; and what another tenant has is left as it is, and acted on when it changes.
"""

import collections
import concurrent.futures
import itertools
import json
import re
import time

from prometheus_client.parser import text_string_to_metric_families

from formation_operator.api import naming
from hack.cluster import metrics
from hack.local_http import text_of
from hack.operator_process import OperatorProcess, healthy
from tests.live.client import Client, eventually
from tests.live.server import ServerError
from tests.shared.builders import Manifest, a_formation, a_process

AT_ONCE = 8
REFUSALS = (400, 413, 422)
MOST_READ = 3 * 2**20
"""Bytes of a request that the API server reads. It refuses a longer one and closes, so nobody may hear that.

Source: ``MaxRequestBodyBytes`` in ``k8s.io/apiserver/pkg/server/config.go``.
"""
OF_STORAGE = re.compile(r"already exists|too large|larger than max")
"""Refusals that the API server calls a conflict, or an error of its own."""
NAMES_WHAT = re.compile(
    rf"\b(spec|metadata|name|namespace)\b|unknown field|Go struct field [\w.]+|{OF_STORAGE.pattern}"
)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
OF_TENANTS = ("namespace", "formation", "process_type")
OUR_METRICS = ("formation_operator_", "process_")
SYSTEM = ("default", "kube-system", "formation-system")
MOST_BYTES = 4096
"""The longest message of a condition."""
SHOWN = 2000
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-pods"},
    "spec": {"hard": {"pods": "0"}},
}
"""Two billion replicas are a count like any other; the cluster of a test isn't there to try how many fit."""


class Trial:
    """Hostile Formations of one tenant, and a small one of another."""

    def __init__(self, attacker: Client, neighbour: Client, operator: OperatorProcess) -> None:
        """Take both tenants' namespaces; the neighbour's Formation is idle, so that only we change it."""
        self._attacker, self._neighbour, self._operator = attacker, neighbour, operator
        attacker.server.create("resourcequota", attacker.namespace, QUOTA)
        idle = a_formation(processes={"worker": a_process(replicas=0, port=8080)})
        neighbour.server.create("formation", neighbour.namespace, idle)
        self._settle()
        self._known = self._possessions()
        self._read = operator.log.stat().st_size
        self._pid = operator.pid
        self._numbers = itertools.count()
        self.verdicts: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        """Seconds, the longest that a change of the neighbour's waited."""
        self.memory = 0.0
        """MiB, the most that the operator had."""

    def __str__(self) -> str:
        said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(self.verdicts.items()))
        return (
            f"{self.verdicts.total()} hostile Formations: {said}; the neighbour's change waited "
            f"{self.slowest:.2f} s at most; {self.memory:.0f} MiB at most"
        )

    def survive(self, formations: list[Manifest]) -> None:
        """Send Formations at once, and check all that must hold."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for verdict in pool.map(self._judged, formations):
                self.verdicts[verdict] += 1
            self.slowest = max(self.slowest, self._change())
        self._check_neighbour()
        self._check_operator()

    # The attacker

    def _judged(self, formation: Manifest) -> str:
        try:
            return self._judge(formation)
        except AssertionError as error:
            text = json.dumps(formation)
            raise AssertionError(f"{error}\nof {len(text)} characters: {text[:SHOWN]}") from error

    def _judge(self, formation: Manifest) -> str:
        """Return what became of a Formation."""
        api, namespace = self._attacker.server, self._attacker.namespace
        if formation["metadata"]["name"] == "shop":  # two at once may not have the same
            metadata = {**formation["metadata"], "name": f"s{next(self._numbers)}"}
            formation = {**formation, "metadata": metadata}
        try:
            stored = api.create("formation", namespace, formation)
        except ServerError as error:
            if error.status or len(json.dumps(formation)) <= MOST_READ:
                check_refusal(error.status, str(error))
            return "refused"
        try:
            return self._outcome(stored["metadata"]["name"])
        finally:
            self._remove(stored["metadata"]["name"])

    def _outcome(self, name: str) -> str:
        formation = self._attacker.reported(name)
        for condition in formation["status"]["conditions"]:
            check_text(condition.get("message", ""))
        ready = self._attacker.condition("Ready", name)
        assert ready is not None
        if all(self._is_made(formation, each) for each in formation["spec"]["processes"]):
            return "made"
        assert ready["status"] != "True", "it isn't made, and yet ready"
        assert ready["reason"] not in {"", "InternalError"}, ready
        assert ready["message"], "the status doesn't say why it isn't made"
        return "not made, and told why"

    def _is_made(self, formation: Manifest, process_type: str) -> bool:
        found = self._attacker.find("deployment", naming.child(formation["metadata"]["name"], process_type))
        owners = found["metadata"].get("ownerReferences", []) if found else []
        return [each["uid"] for each in owners if each.get("controller")] == [formation["metadata"]["uid"]]

    def _remove(self, name: str) -> None:
        api, namespace = self._attacker.server, self._attacker.namespace
        api.delete("formation", namespace, name)
        if api.find("formation", namespace, name):
            api.merge("formation", namespace, name, {"metadata": {"finalizers": None}})

    # The neighbour

    def _change(self) -> float:
        """Change the neighbour's image, and return the seconds until the Deployment has it."""
        image = f"registry.example.com/shop:v{next(self._numbers)}"
        self._neighbour.merge("formation", "shop", {"spec": {"image": image}})
        sent = time.monotonic()
        eventually(lambda: self._neighbour.container()["image"] == image)
        return time.monotonic() - sent

    def _check_neighbour(self) -> None:
        self._settle()
        now = self._possessions()
        # Of our own change of the image only the Deployment and the Formation are newer, by one.
        assert now == {name: (uid, version + bool(version)) for name, (uid, version) in self._known.items()}
        self._known = now

    def _possessions(self) -> dict[str, tuple[str, int]]:
        """Return what the neighbour and the cluster itself have, by the id and the generation of each."""
        kinds = ("formation", "deployment", "service")
        objects = [
            each
            for namespace in (self._neighbour.namespace, *SYSTEM)
            for kind in kinds
            for each in self._neighbour.server.list_all(kind, namespace)
        ]
        about = [(each["kind"], each["metadata"]) for each in objects]
        return {
            f"{kind} {known['namespace']}/{known['name']}": (known["uid"], known.get("generation", 0))
            for kind, known in about
            if known["name"] != metrics.NAME  # which a test beside this one may start meanwhile
        }

    def _settle(self) -> None:
        self._neighbour.reported()
        eventually(self._neighbour.meets)

    # The operator

    def _check_operator(self) -> None:
        assert self._operator.pid == self._pid, f"it has died:\n{self._operator.last_lines()}"
        assert healthy(self._operator.health)
        self.memory = max(self.memory, self._operator.memory)
        check_metrics(text_of(f"http://{self._operator.metrics}/metrics", seconds=30))
        with self._operator.log.open("rb") as log:
            log.seek(self._read)
            *lines, rest = log.read().split(b"\n")
            self._read = log.tell() - len(rest)
        for line in lines:
            check_line(line.decode())


def check_refusal(status: int, message: str) -> None:
    """Fail unless the API server refused the input, and said which part of it is wrong."""
    assert status in REFUSALS or OF_STORAGE.search(message), f"{status}: {message}"
    assert NAMES_WHAT.search(message), f"{status} names no field: {message}"


def check_text(text: str) -> None:
    """Fail if a text for people isn't one printable line of a bounded length."""
    assert text.isprintable(), f"not printable: {text[:SHOWN]!r}"
    assert len(text.encode()) <= MOST_BYTES, f"too long: {len(text)}"


def check_line(line: str) -> None:
    """Fail if a line of the log isn't printable, was forged by the input, or tells of an unexpected error."""
    assert line.isprintable(), f"not printable in the log: {line[:SHOWN]!r}"
    assert not line.startswith(("[kube-system/forged]", "formation_operator_leader")), (
        f"forged: {line[:SHOWN]}"
    )
    assert not line.startswith("Traceback"), "the operator's log has an unexpected error"


def check_metrics(text: str) -> None:
    """Fail if a metric isn't one of ours, or what is said of tenants isn't what may be a name."""
    leaders = []
    for sample in (each for family in text_string_to_metric_families(text) for each in family.samples):
        assert sample.name.startswith(OUR_METRICS), sample
        for label, value in sample.labels.items():
            assert value.isprintable(), sample
            assert label not in OF_TENANTS or LABEL.fullmatch(value), sample
        leaders += [sample.value] if sample.name == "formation_operator_leader" else []
    assert leaders == [1.0]
