"""The operator behind the fault proxy, and what a fault may be done to."""

import asyncio
import contextlib
import dataclasses
import pathlib
import tempfile
import threading
import time
from collections.abc import Iterator

from aiohttp import web

from hack.cluster import kubeconfigs
from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.faults.apps import App
from tests.faults.proxy import Call, Exchange, Proxy, Rule
from tests.live.client import eventually

ACCOUNT = ("formation-system", "formation-operator")
QUIET = 3.0
"""Seconds without a write after which none is expected any more: a report is gathered for one."""
CONVERGED = 120.0


@dataclasses.dataclass(frozen=True)
class Place:
    """What a fault may be done to."""

    cluster: Cluster
    proxy: Proxy
    operator: OperatorProcess
    kubeconfig: pathlib.Path

    def give_token(self) -> None:
        """Write a new token to where the operator reads it."""
        cluster = kubeconfigs.known_by(self.proxy.url, self.proxy.ca)
        kubeconfigs.write(self.kubeconfig, cluster, {"token": self.cluster.token_for(*ACCOUNT)})

    def converge(self, *apps: App, patience: float = CONVERGED) -> float:
        """Wait until all is as it was asked for and nothing is written; return the seconds to the first."""
        took = self.reach(*apps, patience=patience)
        eventually(self._is_quiet, patience)
        assert [wrong for app in apps for wrong in (*app.wrong(), *app.restarts())] == []
        return took

    def reach(self, *apps: App, patience: float = CONVERGED) -> float:
        """Wait until all is as it was asked for; return the seconds until then."""
        began = time.monotonic()
        for app in apps:
            try:
                eventually(lambda: not app.wrong(), patience)  # noqa: B023  # used at once
            except AssertionError as error:
                raise AssertionError("\n".join([*app.wrong(), self.operator.last_lines()])) from error
        return time.monotonic() - began

    @contextlib.contextmanager
    def kept_running(self) -> Iterator[list[str]]:
        """Start the operator anew whenever it ends, as Kubernetes does; give the last words of each."""
        ends: list[str] = []
        over = threading.Event()

        def keep() -> None:
            while not over.wait(0.5):
                if self.operator.pid is None:
                    ends.append(self.operator.last_lines(500))
                    with contextlib.suppress(RuntimeError):  # it isn't ready as long as a fault lasts
                        self.operator.start()

        keeper = threading.Thread(target=keep, name="manager of the operator")
        keeper.start()
        try:
            yield ends
        finally:
            over.set()
            keeper.join()

    @contextlib.contextmanager
    def killed_at_each_write(self, namespace: str, *, done: bool) -> Iterator[Rule]:
        """Kill the operator at its first write of each object in a namespace, whether or not that is done."""
        met = set[tuple[str, str]]()

        def is_first(call: Call) -> bool:
            here = call.writes() and f"/namespaces/{namespace}/" in call.path and "/events" not in call.path
            new = here and (call.method, call.path) not in met
            if new:
                met.add((call.method, call.path))
            return new

        async def kill(exchange: Exchange) -> web.StreamResponse:
            if done:
                await exchange.ask()
            await asyncio.to_thread(self.operator.kill)
            return exchange.cut()

        with self.proxy.having(is_first, kill, 20) as rule:
            yield rule

    def restart_if_killed(self) -> None:
        """Start the operator if it was killed; it may be killed again while it starts."""
        if self.operator.pid is None:
            with contextlib.suppress(RuntimeError):
                self.operator.start()

    def _is_quiet(self) -> bool:
        before = len(self.proxy.writes)
        time.sleep(QUIET)
        return len(self.proxy.writes) == before


@contextlib.contextmanager
def behind_a_proxy(cluster: Cluster, operator: OperatorProcess) -> Iterator[Place]:
    """Have the operator reach the API server through a proxy alone."""
    operator.stop()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Proxy(cluster, folder).open() as proxy:
            kubeconfig = folder / "operator.kubeconfig"
            place = Place(cluster, proxy, OperatorProcess(cluster, kubeconfig=kubeconfig), kubeconfig)
            place.give_token()
            place.operator.start()
            try:
                yield place
            finally:
                place.operator.stop()
    operator.start()
