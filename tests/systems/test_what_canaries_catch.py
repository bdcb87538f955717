"""Which broken versions replace a process that runs: with the default canary, none; without canaries, some.

A type's own probe is the worst case. A Deployment replaces old processes once it has succeeded, and the new
process may end after that. Whether a server gets ready before its end depends on the machine; what an exec
probe says of it here doesn't.
"""

import time
from typing import Any, NamedTuple

import pytest

from formation_operator.api import naming
from tests.live.client import Client, eventually, is_ready
from tests.shared.builders import Manifest, a_process
from tests.systems.running import Pod, Sample

pytestmark = [pytest.mark.node, pytest.mark.long]

WORKERS = ["celery", "plain"]
SERVERS = ["gunicorn", "uvicorn", "uwsgi", "puma", "node", "twisted", "eventmachine", "jvm"]
LATE = 8
"""Seconds after which a process ends that seems to run: longer than a rollout waits without a canary."""
SEEN = 40
"""Seconds in which a rollout without canaries has replaced what it replaces."""
PATIENCE = 300
PORT = {"port": naming.PORT_NAME}
PROBES: dict[str, Manifest] = {
    "http": {"httpGet": {"path": "/", **PORT}},
    "tcp": {"tcpSocket": PORT},
    "exec": {"exec": {"command": ["true"]}},
}
ENDS = [f"ends after {LATE} s", *(f"ends after {LATE} s behind its {each} probe" for each in PROBES)]
FAULTS = ["a typo in its program", "a typo in its last word", "ends at once", *ENDS]
FEW = [*FAULTS[:2], ENDS[0], ENDS[-1]]


class Case(NamedTuple):
    """A process that runs, and how its new version is broken."""

    system: str
    fault: str
    declared: Manifest

    @property
    def name(self) -> str:
        """The Formation's name."""
        return f"{self.system}-{FAULTS.index(self.fault)}"

    @property
    def type(self) -> str:
        """Its one type."""
        return "web" if "port" in self.declared else "worker"

    def process(self, *, broken: bool = False) -> Manifest:
        """Return the process, which has its probe also before it is broken."""
        more: Manifest = {key: self.declared[key] for key in ("port", "resources") if key in self.declared}
        kind = next((each for each in PROBES if f" {each} probe" in self.fault), None)
        if kind:
            more["readinessProbe"] = {**PROBES[kind], "periodSeconds": 1, "timeoutSeconds": 5}
        command = self.broken() if broken else self.declared["command"]
        return a_process(*command, replicas=1, terminationGracePeriodSeconds=5, **more)

    def broken(self) -> list[str]:
        """Return the command of the new version."""
        first, *others = self.declared["command"]
        if self.fault == "a typo in its program":
            return [f"{first}x", *others]
        if self.fault == "a typo in its last word":  # it names the app
            return [first, *others[:-1], f"{others[-1]}x"] if others else [f"{first}x"]
        if self.fault == "ends at once":
            return ["sh", "-c", "exit 3"]
        return ["sh", "-c", f'"$@" & sleep {LATE}; exit 3', "sh", first, *others]


def formation(case: Case, image: str, **process: Any) -> Manifest:
    """Return the Formation of a case; without canaries in its spec, it has those of the default."""
    about = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": case.name}}
    return {**about, "spec": {"image": image, "processes": {case.type: case.process(**process)}}}


def old_one(kubectl: Client, case: Case) -> Pod | None:
    """Return the process that ran first, as it is now."""
    name = f"{case.name}-{case.type}-"
    pods = [each for each in kubectl.list_all("pod") if each["metadata"]["name"].startswith(name)]
    stable = [each for each in pods if each["metadata"]["labels"][naming.TRACK_LABEL] == naming.STABLE]
    first = min(stable, key=lambda each: each["metadata"]["creationTimestamp"], default=None)
    command = first and first["spec"]["containers"][0]["command"]
    return first if command == case.process()["command"] else None


def serves(kubectl: Client, case: Case) -> bool:
    """Return whether that process is still ready, and has never been restarted."""
    pod = old_one(kubectl, case)
    if pod is None or "deletionTimestamp" in pod["metadata"] or not is_ready(pod):
        return False
    return all(each["restartCount"] == 0 for each in pod["status"]["containerStatuses"])


def has_failed(kubectl: Client, case: Case) -> bool:
    """Return whether the canary of the new version has failed."""
    said = kubectl.condition("Ready", case.name)
    return said is not None and said["reason"] == "CanaryFailed"


def is_replaced_without_canaries(kubectl: Client, case: Case) -> bool:
    """Return whether the new version replaces the process as it needs no proof; delete the Formation."""
    kubectl.merge("formation", case.name, {"spec": {"canary": {"seconds": 0}}})
    until = time.monotonic() + SEEN
    while (is_there := old_one(kubectl, case) is not None) and time.monotonic() < until:
        time.sleep(1)
    kubectl("delete", "formation", case.name, "--wait=false")
    return not is_there


@pytest.mark.parametrize("system", SERVERS + WORKERS)
def test_no_broken_version_replaces_a_process_by_default_and_one_that_ends_late_does_without_canaries(
    system: str, restricted: Client, sample: Sample
) -> None:
    spec = sample(system)["spec"]
    declared = spec["processes"]["web" if "web" in spec["processes"] else "worker"]
    cases = [Case(system, each, declared) for each in (FAULTS if system == "gunicorn" else FEW)]
    for case in cases:
        restricted.apply(formation(case, spec["image"]))
    for case in cases:
        eventually(lambda: serves(restricted, case), PATIENCE)  # noqa: B023  # it is over then
    for case in cases:
        restricted.apply(formation(case, spec["image"], broken=True))
    for case in cases:
        eventually(lambda: has_failed(restricted, case), PATIENCE)  # noqa: B023
    time.sleep(LATE)
    by_default = {case.fault for case in cases if not serves(restricted, case)}

    without = {case.fault for case in cases if is_replaced_without_canaries(restricted, case)}
    for case in cases:
        replaced = ("yes" if case.fault in each else "no" for each in (by_default, without))
        print(f"\n{system:12} {case.fault:40} replaced the process: {', without canaries: '.join(replaced)}")
    assert by_default == set()
    assert ENDS[-1] in without
