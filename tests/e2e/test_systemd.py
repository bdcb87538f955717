"""The units that ``kubectl formation export systemd`` writes, on a real systemd: docs/how-to/procfile.md."""

import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator

import pytest

from hack.cluster import cgroups, locks, paths
from tests.e2e.machine import machine as machines
from tests.e2e.machine.machine import Machine
from tests.live.client import eventually
from tests.shared import builders

WAITS = "while :; do sleep 0.1; done"
SAYS = f"""trap "echo ends; exit 0" TERM; printf '%s\\n' "$PROCESS_NAME says $GREETING"; {WAITS}"""
STUBBORN = f'trap "" TERM; echo stays; {WAITS}'
ANY = "active,activating,deactivating"
GREETING = """50% of "$HOME" isn't \\n ${PATH} %i"""

Export = Callable[..., None]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that runs."""
    if obstacle := machines.obstacle():
        pytest.skip(obstacle)
    with locks.held("machine", "it tests units of systemd"):
        machine = Machine(tmp_path_factory.mktemp("units"), tmp_path_factory.mktemp("root"))
        try:
            machine.start()
            yield machine
        finally:
            machine.end()


@pytest.fixture
def export(machine: Machine, scripts: pathlib.Path, tmp_path: pathlib.Path) -> Export:
    """Write the units of a Formation, as somebody types it."""
    manifest = tmp_path / "formation.yaml"
    words = ["export", "systemd", "-f", str(manifest), "-d", str(machine.units), "--root", "/srv"]
    command = [str(scripts / "kubectl-formation"), *words, "--run-as", "app"]

    def write(**counts: int) -> None:
        manifest.write_text(builders.text(a_shop(**counts)))
        environment = {**os.environ, "PYTHONPATH": str(paths.ROOT / "operator")}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        machine("systemctl", "daemon-reload")

    return write


def a_shop(web: int = 2, worker: int = 1) -> builders.Manifest:
    """Return a Formation whose processes greet; a type of which none is declared doesn't end on SIGTERM."""
    says, stubborn = (("/bin/sh", "-c", script) for script in (SAYS, STUBBORN))
    return builders.a_formation(
        env=[{"name": "GREETING", "value": GREETING}],
        processes={
            "web": builders.a_process(*says, replicas=web, port=8080),
            "worker": builders.a_process(*says, replicas=worker, resources={"limits": {"memory": "32Mi"}}),
            "stubborn": builders.a_process(*stubborn, replicas=0, terminationGracePeriodSeconds=1),
        },
    )


@pytest.fixture
def shop(machine: Machine, export: Export) -> Iterator[Machine]:
    """A machine on which the Formation runs."""
    export()
    machine("systemctl", "enable", "--now", "shop.target")
    yield machine
    machine("systemctl", "disable", "--now", "shop.target")
    eventually(lambda: processes(machine, ANY) == {})


def processes(machine: Machine, states: str = "active") -> dict[str, int]:
    """Return the process id of each unit in one of the states."""
    found = ("list-units", "--plain", "--no-legend", f"--state={states}", "shop-*.service")
    listing = machine("systemctl", *found)
    names = [line.partition(" ")[0] for line in listing.splitlines()]
    return {name.removesuffix(".service"): int(shown(machine, name, "MainPID")) for name in names}


def shown(machine: Machine, unit: str, name: str) -> str:
    return machine("systemctl", "show", unit, f"--property={name}", "--value")


def said(machine: Machine, name: str) -> list[str]:
    """Return the lines that a process wrote."""
    machine("journalctl", "--sync")
    return machine("journalctl", "--quiet", "--output=cat", f"--identifier={name}").splitlines()


def test_a_formation_starts_with_its_counts_its_environment_and_its_user(shop: Machine) -> None:
    assert {*processes(shop)} == {"shop-web@5000", "shop-web@5001", "shop-worker@1"}
    eventually(lambda: said(shop, "shop-web-5001")[-1:] == [f"shop-web-5001 says {GREETING}"])
    status = shop("cat", f"/proc/{processes(shop)['shop-web@5001']}/status")
    assert "Uid:\t1000\t" in status
    assert "CapBnd:\t0000000000000000" in status


def test_a_process_more_is_started_by_its_name_and_by_a_new_export(shop: Machine, export: Export) -> None:
    before = processes(shop)
    shop("systemctl", "start", "shop-web@5002")
    assert processes(shop).keys() - before.keys() == {"shop-web@5002"}
    shop("systemctl", "stop", "shop-web@5002")
    assert processes(shop) == before

    export(web=3, worker=2)
    shop("systemctl", "start", "shop-web.target")
    assert processes(shop).keys() - before.keys() == {"shop-web@5002"}
    shop("systemctl", "restart", "shop.target")
    eventually(lambda: anew(processes(shop), before, *before))
    eventually(lambda: processes(shop).keys() - before.keys() == {"shop-web@5002", "shop-worker@2"})


def anew(after: dict[str, int], before: dict[str, int], *units: str) -> dict[str, int] | None:
    """Return the processes if these are other ones than before."""
    return after if all(after.get(unit, before[unit]) != before[unit] for unit in units) else None


def test_a_stop_lets_each_process_end_in_its_own_time(shop: Machine) -> None:
    shop("systemctl", "start", "shop-stubborn@1")
    # One that was started a moment ago may not have said yet what it does with SIGTERM.
    eventually(lambda: said(shop, "shop-stubborn-1")[-1:] == ["stays"])
    eventually(lambda: said(shop, "shop-web-5000")[-1:] == [f"shop-web-5000 says {GREETING}"])
    shop("systemctl", "stop", "shop.target")
    eventually(lambda: processes(shop, ANY) == {})
    assert said(shop, "shop-web-5000")[-1] == "ends"
    assert shown(shop, "shop-web@5000", "Result") == "success"
    assert shown(shop, "shop-stubborn@1", "Result") == "timeout"


def test_a_process_has_no_more_memory_than_its_limit(shop: Machine) -> None:
    if cgroups.is_unified() and "memory" not in shop("cat", "/sys/fs/cgroup/cgroup.controllers"):
        pytest.skip("this machine lets nobody limit memory")
    group = shown(shop, "shop-worker@1", "ControlGroup")
    places = (f"memory/{group}/memory.limit_in_bytes", f"{group}/memory.max")
    assert str(32 * 2**20) in [shop("cat", f"/sys/fs/cgroup/{each}", check=False) for each in places]


def test_a_formation_that_is_enabled_starts_with_the_machine(shop: Machine) -> None:
    shop.end()
    shop.start()
    assert {*processes(shop)} == {"shop-web@5000", "shop-web@5001", "shop-worker@1"}
