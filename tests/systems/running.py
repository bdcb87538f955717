"""A process type of a Formation that runs: where it answers, its Pods, and how they have ended."""

import contextlib
import dataclasses
import datetime
import subprocess
from collections.abc import Callable, Iterator
from typing import IO, Any

from formation_operator.api import naming
from hack.cluster import paths
from tests.live.client import Client, eventually, is_ready
from tests.shared.builders import Manifest

WEB_SERVERS = ["apache", "eventmachine", "gunicorn", "jvm", "node", "twisted"]
PATIENCE = 180
"""Seconds: a JVM takes a while to start on a busy machine, and a process that was killed is on probation."""
HOLD = "formations.dev/held-by-a-test"

Pod = dict[str, Any]
Sample = Callable[[str], Manifest]
"""Gives a system's sample by name, when its image is on the node."""


def container_of(pod: Pod) -> dict[str, Any]:
    """Return how the one container of a Pod is."""
    (container,) = pod["status"]["containerStatuses"]
    return dict(container)


def request_of(pod: Pod) -> datetime.datetime:
    """Return when a Pod was asked to go."""
    about = pod["metadata"]
    left = datetime.timedelta(seconds=about["deletionGracePeriodSeconds"])
    return datetime.datetime.fromisoformat(about["deletionTimestamp"]) - left


@dataclasses.dataclass(frozen=True)
class Running:
    """One process type of one Formation."""

    kubectl: Client
    formation: str
    process_type: str

    @property
    def deployment(self) -> str:
        """The Deployment, as kubectl names it."""
        return f"deployment/{self.formation}-{self.process_type}"

    def url(self) -> str:
        """Return where the type's Service answers, seen from this machine."""
        service = self.kubectl.get("service", f"{self.formation}-{self.process_type}")["spec"]
        return f"http://{service['clusterIP']}:{service['ports'][0]['port']}"

    def urls(self) -> list[str]:
        """Return where each process answers by itself."""
        ports = [
            (pod["status"]["podIP"], pod["spec"]["containers"][0]["ports"][0]["containerPort"])
            for pod in self.pods()
        ]
        return [f"http://{address}:{port}" for address, port in ports]

    def pods(self) -> list[Pod]:
        """Return the type's Pods, those that are going away included."""
        labels = naming.selector(self.formation, self.process_type).items()
        return [pod for pod in self.kubectl.list_all("pod") if labels <= pod["metadata"]["labels"].items()]

    def scale(self, count: int) -> None:
        """Scale the type, and wait until so many run and all others are gone."""
        self.kubectl("scale", self.deployment, f"--replicas={count}")
        self.settled(count)

    def settled(self, count: int) -> None:
        """Wait until the Formation is ready with just so many processes of the type, and no other Pods.

        Right after something was done to it, the status may still be about what was before.
        """

        def is_settled() -> bool:
            status = self.kubectl.reported(self.formation)["status"]
            process = status.get("processes", {}).get(self.process_type, {})
            figures = [process.get(f"{what}Replicas") for what in ("desired", "updated", "ready")]
            conditions = {item["type"]: item["status"] for item in status.get("conditions") or []}
            pods = self.pods()
            told = conditions.get("Ready") == "True" and figures == [count] * 3
            return told and len(pods) == count and all(is_ready(pod) for pod in pods)

        eventually(is_settled, PATIENCE)

    def kill(self) -> None:
        """Kill the one process with signal 9, from its node: nothing in its container may do that to it."""
        (pod,) = self.pods()
        container = container_of(pod)["containerID"].removeprefix("containerd://")
        ctr = [str(self.kubectl.cluster.binaries["ctr"]), f"--address={paths.sockets() / 'containerd.sock'}"]
        kill = ["--namespace=k8s.io", "tasks", "kill", "--signal=9", container]
        subprocess.run([*ctr, *kill], check=True, capture_output=True)  # it warns even when all is well

    def status(self) -> dict[str, Any]:
        """Return what the Formation's status says of the type."""
        return dict(self.kubectl.get("formation", self.formation)["status"]["processes"][self.process_type])

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the Pods that there are, ended ones too, to be looked at: with a finalizer on each."""
        names = [pod["metadata"]["name"] for pod in self.pods()]
        for name in names:
            self.kubectl.merge("pod", name, {"metadata": {"finalizers": [HOLD]}})
        try:
            yield
        finally:
            for name in names:
                self.kubectl.merge("pod", name, {"metadata": {"finalizers": None}})

    @contextlib.contextmanager
    def followed(self) -> Iterator[Callable[[str], list[str]]]:
        """Follow the logs of the Pods that there are: kubelet may throw them away as soon as one has ended.

        Gives what returns all that a Pod has written, once it has ended.
        """
        with contextlib.ExitStack() as stack:
            follow: dict[str, IO[str]] = {}
            for name in (pod["metadata"]["name"] for pod in self.pods()):
                logs = stack.enter_context(
                    self.kubectl.start("logs", "--follow", name, stdout=subprocess.PIPE)
                )
                stack.callback(logs.terminate)
                assert logs.stdout
                follow[name] = logs.stdout
            begun = {name: each.readline() for name, each in follow.items()}

            def lines(name: str) -> list[str]:
                # Not `communicate`, which knows nothing of what was read ahead of the first line.
                return (begun[name] + follow[name].read()).splitlines()

            yield lines

    def end_of_one(self) -> "End":
        """Wait for the end of a held Pod's process, and return it."""
        asked: dict[str, datetime.datetime] = {}

        def end() -> End | None:
            going = [pod for pod in self.pods() if "deletionTimestamp" in pod["metadata"]]
            for pod in going:  # once all has ended, kubelet asks again, with no grace
                asked.setdefault(pod["metadata"]["name"], request_of(pod))
            ended = [pod for pod in going if "terminated" in container_of(pod)["state"]]
            return next((End.of(pod, asked[pod["metadata"]["name"]]) for pod in ended), None)

        return eventually(end, PATIENCE)


@dataclasses.dataclass(frozen=True)
class End:
    """How a process ended that was asked to."""

    pod: str
    exit_code: int
    seconds: float
    """From the request to delete its Pod to its end."""
    grace: int

    @classmethod
    def of(cls, pod: Pod, asked: datetime.datetime) -> "End":
        """Read it from a Pod that is held."""
        terminated = container_of(pod)["state"]["terminated"]
        ended = datetime.datetime.fromisoformat(terminated["finishedAt"])
        return cls(
            pod["metadata"]["name"],
            terminated["exitCode"],
            (ended - asked).total_seconds(),
            pod["spec"]["terminationGracePeriodSeconds"],
        )
