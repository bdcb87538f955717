"""Two tenants of one operator: one who does his worst, and one who scales meanwhile and is timed."""

import concurrent.futures
import dataclasses
import time
from collections.abc import Callable

from hack.operator_process import OperatorProcess, healthy
from tests.contract.counting import count
from tests.live.client import Client
from tests.shared.builders import a_formation, a_process

PAUSE = 0.5
"""Seconds between two changes of the one who is timed."""
PATIENCE = 120.0


@dataclasses.dataclass
class Figures:
    """What an attack did to the other tenant and to the operator."""

    latencies: list[float] = dataclasses.field(default_factory=list)
    """Seconds from each change of a count to its Deployment's."""
    unhealthy: int = 0
    """How often the health check failed."""
    memory: float = 0.0
    """The most that the operator had in memory, in MiB."""

    @property
    def worst(self) -> float:
        """The longest that a change took, in seconds."""
        return max(self.latencies)

    def __str__(self) -> str:
        middle, worst = sorted(self.latencies)[len(self.latencies) // 2] * 1000, self.worst * 1000
        return (
            f"{len(self.latencies)} changes, median {middle:.0f} ms, worst {worst:.0f} ms; "
            f"{self.memory:.0f} MiB, health check failed {self.unhealthy} times"
        )


class Neighbour:
    """A tenant with one small Formation, who goes on scaling it."""

    def __init__(self, client: Client, operator: OperatorProcess) -> None:
        """Start the Formation; Pods don't matter here, so they are held."""
        self._client, self._operator = client, operator
        gates = {"spec": {"schedulingGates": [{"name": "example.com/hold"}]}}
        client.applied(a_formation(podTemplate=gates, processes={"worker": a_process(replicas=1)}))
        self._wanted = 1

    def while_(self, attack: Callable[[], None], seconds: float) -> Figures:
        """Go on scaling while an attack is under way, and for some seconds after it."""
        figures, over = Figures(), time.monotonic() + seconds
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            attacking = pool.submit(attack)
            while time.monotonic() < over:
                if not attacking.done():
                    over = time.monotonic() + seconds
                figures.latencies.append(self._scale())
                figures.unhealthy += not healthy(self._operator.health)
                figures.memory = max(figures.memory, self._operator.memory)
                time.sleep(PAUSE)
        attacking.result()
        return figures

    def _scale(self) -> float:
        """Change the count, and return the seconds until the Deployment has it."""
        self._wanted = self._wanted % 3 + 1
        change = {"spec": {"processes": {"worker": {"replicas": self._wanted}}}}
        began = time.monotonic()
        self._client.merge("formation", "shop", change)
        sent = time.monotonic()
        while count(self._client) != self._wanted:
            if time.monotonic() - began > PATIENCE:
                return PATIENCE
            time.sleep(0.01)
        return time.monotonic() - sent
