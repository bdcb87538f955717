"""How the operator is put together where it runs, and what it says of itself."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest
from kubernetes.aio import client

from formation_operator import command_line, process
from formation_operator.kube import api_server
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection
from formation_operator.settings import Settings
from tests.shared import builders
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster

LEASE = ("formation-system", "formation-operator")


def settings(*flags: str) -> Settings:
    return command_line.settings(command_line.parser().parse_args(flags))


@contextlib.asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[process.Process]:
    """Return a process that has a connection, which nobody uses, and works."""
    here = process.Process(settings)
    here.server = connection.Connection(client.Configuration())
    here.controller = here._control()  # noqa: SLF001
    here._work = asyncio.create_task(asyncio.sleep(60))  # noqa: SLF001
    yield here
    await here.stop()


def test_the_lease_is_asked_for_over_a_connection_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many connections have died, each renewal would meet another one, and the Lease be lost."""
    passes, lease = FakeCluster(), FakeCluster()
    about = {"namespace": LEASE[0], "name": LEASE[1]}
    released = {"holderIdentity": "", "renewTime": builders.ago(-1)}
    lease.put(kinds.LEASE, {"metadata": about, "spec": released})

    async def run() -> None:
        opened = [connection.Connection(client.Configuration())]

        def kube(connected: connection.Connection, **_: object) -> api_server.Kube:
            opened.append(connected)
            return cast("api_server.Kube", passes if connected is opened[0] else lease)

        monkeypatch.setattr(api_server, "Kube", kube)
        here = process.Process(Settings(lease=LEASE))
        here.server = opened[0]
        running = asyncio.create_task(here._control().run())  # noqa: SLF001
        await asyncio.sleep(30)
        running.cancel()
        await asyncio.wait([running])
        for each in opened:
            await each.close()

    virtual_time.run(run())
    assert lease.asked("patch", kinds.LEASE)
    assert not [call for call in passes.calls if call.kind == kinds.LEASE]


async def test_a_process_whose_work_has_ended_neither_lives_nor_is_ready() -> None:
    async with at_work(Settings()) as here:
        assert (here._ended(), here._unready()) == ("", "")  # noqa: SLF001
        work = here._work  # noqa: SLF001
        assert work is not None
        work.cancel()
        await asyncio.wait([work])
        assert here._ended() == here._unready() == "the work has ended"  # noqa: SLF001


async def test_a_replica_that_is_refused_its_lease_lives_and_isnt_ready() -> None:
    async with at_work(Settings(lease=LEASE)) as here:
        assert here._leader is not None  # noqa: SLF001
        here._leader.unready = "the Lease is refused"  # noqa: SLF001
        assert (here._ended(), here._unready()) == ("", "the Lease is refused")  # noqa: SLF001
        here._leader.unready = ""  # noqa: SLF001
        assert here._unready() == ""  # noqa: SLF001


async def test_work_that_ends_by_itself_ends_the_process_and_work_that_is_ended_does_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)

    async def fail() -> None:
        raise KeyError("items")

    ended, failed = asyncio.create_task(asyncio.sleep(60)), asyncio.create_task(fail())
    ended.cancel()
    for work in (ended, failed):
        await asyncio.wait([work])
    process.end_process(ended)
    await asyncio.sleep(0.01)
    assert not asked.is_set()
    process.end_process(failed)
    await asked.wait()
    assert caplog.messages == ["Stopping: KeyError('items')"]


@pytest.mark.parametrize(
    ("flag", "words"), [("liveness", "--liveness=http://{}/healthz"), ("metrics", "--liveness= --metrics={}")]
)
async def test_where_nobody_can_listen_the_operator_ends_with_a_line_that_names_the_flag(
    flag: str, words: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        here = process.Process(settings(*words.format(place).split()))
        with pytest.raises(SystemExit, match=f"--{flag}: .*127.0.0.1.*in use") as ended:
            await here._answer()  # noqa: SLF001
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize("host", ["..", "a..b", "a" * 64])
async def test_a_host_that_can_be_nobodys_name_ends_the_operator_with_such_a_line_too(host: str) -> None:
    here = process.Process(settings(f"--liveness=http://{host}:9090"))
    with pytest.raises(SystemExit, match="--liveness: the address can't be used"):
        await here._answer()  # noqa: SLF001
