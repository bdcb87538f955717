"""One trial: one subject on a new cluster, through all measures in turn."""

import asyncio
import contextlib
import dataclasses
import sys
from collections.abc import AsyncIterator, Iterator

from hack.bench import api, eye, usage
from hack.bench.api import Api
from hack.bench.eye import Eye
from hack.bench.subjects import Runner, Subject
from hack.bench.users import load, work
from hack.bench.users.hands import Hands
from hack.cluster import lifecycle, paths, progress, record
from hack.cluster.cluster import Cluster


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is done."""

    formations: int
    namespaces: int = 10
    scales: int = 100
    """How many changes are timed for each percentile."""
    burst: int = 300
    idle: float = 10.0
    """Seconds of doing nothing that are looked at."""
    changes: int = 0
    """Changes over which memory is looked at."""


@dataclasses.dataclass
class Trial:
    """All that a measure needs."""

    size: Size
    runner: Runner
    user: Api
    hands: Hands
    eye: Eye
    server: int
    """The process of the API server."""
    created: int = 0
    """How many Formations there are."""

    @property
    def by_hand(self) -> bool:
        """Whether we do the job ourselves."""
        return self.runner.pid is None

    @property
    def pid(self) -> int:
        """The process whose resources count."""
        assert self.runner.pid is not None
        return self.runner.pid

    def cpu(self) -> float:
        """Return the seconds of a core that the subject has had."""
        return 0.0 if self.by_hand else usage.cpu(self.pid)

    async def calm(self) -> None:
        """Wait until the API server and the subject are at rest, for longer than anybody delays a report."""
        await usage.calm(self.server, *([] if self.by_hand else [self.pid]), seconds=2.0)

    @contextlib.asynccontextmanager
    async def meanwhile(
        self, *arguments: object, followed: bool = True
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have a process do what users do, and end it afterwards.

        Where we do the job ourselves, it does it for what it changes, if that is to be followed.
        """
        who = ["--user", self.user_kubeconfig, "--namespaces", self.size.namespaces]
        hands = ["--hands", self.runner.kubeconfig] if self.by_hand and followed else []
        words = load.command(*arguments, *who, *hands)
        process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=paths.ROOT)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    @property
    def user_kubeconfig(self) -> str:
        """Whom users are."""
        return str(paths.state() / "admin.kubeconfig")


@contextlib.contextmanager
def ground() -> Iterator[Cluster]:
    """Start a cluster that is new for each trial, so that all find the same, and end it afterwards.

    It is etcd and the API server alone, so that nobody else writes.
    """
    lifecycle.down()
    cluster = lifecycle.up("none", controllers=False)
    try:
        yield cluster
    finally:
        lifecycle.down()


@contextlib.asynccontextmanager
async def of(subject: Subject, size: Size) -> AsyncIterator[Trial]:
    """Prepare everything for a subject, start it, and end it all afterwards."""
    with ground() as cluster:
        for flags in subject.installed:
            cluster.run_kubectl("apply", *flags)
        # `kubectl wait` fails at a CRD whose conditions are still null.
        established = ("wait", "--for=condition=Established", "crd", "--all")
        progress.wait("the CRDs are served", lambda: cluster.answers(*established), [])
        server = record.known().daemon("kube-apiserver").pid
        runner = Runner(subject, cluster)
        async with api.connect(cluster.kubeconfig) as user, api.connect(runner.kubeconfig) as other:
            for number in range(size.namespaces):
                await user.create(work.a_namespace(work.namespace(number, size.namespaces)))
            runner.start()
            try:
                await runner.ready()
                async with eye.opened(user) as watching:
                    hands = Hands(None if subject.command else other)
                    yield Trial(size, runner, user, hands, watching, server)
            finally:
                runner.stop()
