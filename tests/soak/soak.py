"""The soak: a user who edits at random, while faults come and go at random, both by one seed."""

import collections
import contextlib
import dataclasses
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.faults.apps import App
from tests.faults.place import Place
from tests.faults.table import FAULTS, Fault
from tests.live.client import Client
from tests.soak.guard import Guard

APPS = 8
TYPES = ("clock", "mailer", "worker", "idle")
SHORT = 10.0
"""Seconds; of the faults that take longer, one in ten is chosen."""
TOGETHER = 0.3
"""The share of faults that another one comes on top of."""
FAULTS_BETWEEN_CHECKS = 4
PATIENCE = 400.0
"""Seconds: what is refused for good is tried again every five minutes."""


@contextlib.contextmanager
def killed(place: Place, _: Client) -> Iterator[Callable[[], int]]:
    """Kill the operator."""
    place.operator.kill()
    yield lambda: 1


KILLED = Fault("the operator is killed", killed)


@dataclasses.dataclass
class Tally:
    """What was survived."""

    seed: int
    faults: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    edits: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    converged: list[float] = dataclasses.field(default_factory=list)
    """Seconds from the end of the last fault until all was as it was asked for, at each check."""
    versions: int = 0
    ends: list[str] = dataclasses.field(default_factory=list)
    """The operator's last words, each time that it ended."""

    def figures(self) -> dict[str, Any]:
        """Return what the page says of it."""
        return {
            "seed": self.seed,
            "faults": self.faults.total(),
            "edits": self.edits.total(),
            "versions of children": self.versions,
            "times converged": len(self.converged),
            "seconds, median": round(statistics.median(self.converged), 1),
            "seconds, at most": round(max(self.converged), 1),
            "times killed": self.faults[KILLED.name],
            "times ended by itself": len(self.ends) - self.faults[KILLED.name],
        }

    def __str__(self) -> str:
        lines = [f"{number:6}  {name}" for name, number in sorted(self.faults.items())]
        return "\n".join([*lines, ", ".join(f"{name}: {number}" for name, number in self.figures().items())])


class Soak:
    """One run."""

    def __init__(self, place: Place, users: list[Client], seed: int, faults: list[Fault]) -> None:
        """Take users with a namespace each, and the faults to choose from."""
        self._place = place
        self._users = users
        self._chance = random.Random(seed)
        self._faults = faults
        self._apps: dict[tuple[str, str], App] = {}
        self._numbers = iter(range(10**6))
        self.tally = Tally(seed)

    def run(self, seconds: float) -> Tally:
        """Go on for some seconds, and until all has converged then; fail at the first thing that is wrong."""
        over = time.monotonic() + seconds
        guard = Guard(self._users[0], self._apps)
        with self._place.kept_running() as ends, guard.watching():
            while True:
                for _ in range(FAULTS_BETWEEN_CHECKS):
                    self._fault()
                    self._require_right(guard)
                self._check(guard)
                if time.monotonic() > over:
                    break
        self.tally.versions, self.tally.ends = guard.seen, ends
        return self.tally

    def _fault(self) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(1 + (self._chance.random() < TOGETHER)):
                fault = self._choose()
                self.tally.faults[fault.name] += 1
                stack.enter_context(fault.cause(self._place, self._chance.choice(self._users)))
            seconds = fault.seconds if fault.seconds > SHORT else self._chance.uniform(0.2, 5)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self._edit()
                time.sleep(self._chance.uniform(0.05, 0.8))

    def _choose(self) -> Fault:
        long = [each for each in self._faults if each.seconds > SHORT]
        short = [each for each in self._faults if each.seconds <= SHORT]
        return self._chance.choice(long if long and self._chance.random() < 0.1 else short)

    def _check(self, guard: Guard) -> None:
        """See that all converges, and that nothing but that is asked for from now on."""
        try:
            self.tally.converged.append(self._place.converge(*self._apps.values(), patience=PATIENCE))
        except AssertionError as error:
            raise AssertionError(f"seed {self.tally.seed}: {error}") from error
        self._require_right(guard)
        faults, edits = self.tally.faults.total(), self.tally.edits.total()
        print(f"{faults} faults, {edits} edits: all has converged", flush=True)
        for app in self._apps.values():
            app.settle()

    def _require_right(self, guard: Guard) -> None:
        assert guard.wrong == [], "\n".join([f"seed {self.tally.seed}:", *guard.wrong])

    # What users do

    def _edit(self) -> None:
        if len(self._apps) < APPS or self._chance.random() < 0.05:
            self._create()
            return
        app = self._chance.choice([*self._apps.values()])
        name, edit = self._chance.choice([*self._possible(app)])
        self.tally.edits[name] += 1
        edit()

    def _create(self) -> None:
        while len(self._apps) >= APPS:
            key = self._chance.choice([*self._apps])
            app = self._apps.pop(key)
            app.user.server.delete("formation", app.user.namespace, app.name)
            self.tally.edits["delete a Formation"] += 1
        app = App.create(self._chance.choice(self._users), f"app-{next(self._numbers)}")
        self._apps[app.user.namespace, app.name] = app
        self.tally.edits["create a Formation"] += 1

    def _possible(self, app: App) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what may be asked of an app.

        Some ask for counts of its children, others of the Formation: between two checks not both, as one of
        them has to give way then (docs/counts.md).
        """
        count = self._chance.randint(1, 4)
        present = self._chance.choice([*app.processes])
        yield "update the image", app.update
        if int(app.name.rpartition("-")[2]) % 2:
            if present in app.settled and not app.suspended:
                yield "scale a Deployment", lambda: app.scale_child(present, count)
            return
        yield "scale a Formation", lambda: app.scale(present, count)
        yield "suspend or resume", lambda: app.suspend(suspended=not app.suspended)
        yield "delete a Deployment", lambda: app.delete_child("deployment", present)
        yield "delete a Service", lambda: app.delete_child("service", "web")
        missing = [each for each in TYPES if each not in app.processes]
        if missing:
            yield "add a process type", lambda: app.add(missing[0])
        if present != "web":
            yield "remove a process type", lambda: app.remove(present)


def soaked(place: Place, users: list[Client], seed: int, seconds: float, *, long: bool) -> Tally:
    """Run a soak; without long faults for a short one."""
    faults = [each for each in FAULTS if long or (each.seconds <= SHORT and not each.slow)]
    return Soak(place, users, seed, [*faults, KILLED]).run(seconds)
