"""A real node uses its host's links, packet filter, mounts and control groups, and gives all of it back."""

import json
import os
import pathlib
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

import hack.cluster
from hack.cluster import cgroups, firewall, host, images, packages, progress, record, settings
from tests.live.client import eventually, fetch

pytestmark = pytest.mark.host

CGROUPS = pathlib.Path("/sys/fs/cgroup")
SYSCTLS = ("net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
EXPIRY = re.compile(r" expires \d+sec")
COUNTERS = re.compile(r" \[\d+:\d+\]$", re.MULTILINE)
FOLDERS = (pathlib.Path("/run"), pathlib.Path("/var/lib"), pathlib.Path("/opt"))
PROBE = images.Image("formations.dev/probe:1", user="65534", ports=(8080,))


def printed(command: str, *arguments: str) -> str:
    found = packages.find(command)
    return subprocess.run([str(found), *arguments], capture_output=True, text=True, check=True).stdout


def links() -> list[str]:
    return sorted(re.findall(r"^\d+: (\S+):", printed("ip", "-oneline", "link"), re.MULTILINE))


def rules() -> dict[str, dict[str, str]]:
    """Every table of every backend, without its counters."""
    tables = {backend: firewall.tables(backend) for backend in firewall.BACKENDS}
    return {
        backend: {name: COUNTERS.sub("", text) for name, text in found.items()}
        for backend, found in tables.items()
    }


def idle_cgroups() -> list[str]:
    """The groups without a process: those of other people's sessions come and go."""
    folders = [pathlib.Path(folder) for folder, _, _ in os.walk(CGROUPS)]
    tasks = [folder / "cgroup.procs" for folder in folders]
    return sorted(str(file.parent) for file in tasks if file.exists() and not file.read_text())


def check_same(before: dict[str, object]) -> None:
    """Fail unless the host is as before, in a moment: other people's sessions leave something as well."""

    def same() -> bool:
        assert snapshot() == before
        return True

    eventually(same, patience=30)


def snapshot() -> dict[str, object]:
    return {
        "links": links(),
        "routes": EXPIRY.sub("", printed("ip", "route", "show", "table", "all")),
        "rules": rules(),
        "mounts": sorted(pathlib.Path("/proc/self/mounts").read_text().splitlines()),
        "cgroups": idle_cgroups(),
        "settings": {name: pathlib.Path("/proc/sys", name).read_text() for name in SYSCTLS},
        "folders": {folder: sorted(folder.iterdir()) for folder in FOLDERS},
    }


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("a real node needs root")
    if record.load() is not None:
        pytest.skip("a cluster is up already, and a snapshot of the host would hold it: `make down` first")
    packages.require()
    yield
    hack.cluster.down()


def run_a_pod(cluster: hack.cluster.Cluster) -> str:
    """Run a pod and return what it answers when it is asked, from here, for the API server."""
    folder = pathlib.Path(hack.cluster.__file__).with_name("probe")
    images.load(cluster, images.from_program(folder, PROBE))
    cluster.run_kubectl("run", "probe", f"--image={PROBE.name}", "--port=8080", "--expose")
    cluster.run_kubectl("wait", "pod/probe", "--for=condition=Ready", "--timeout=180s")
    address = cluster.run_kubectl("get", "service/probe", "--output=jsonpath={.spec.clusterIP}")
    return fetch(f"http://{address}:8080/api")


def unplug_the_pods() -> None:
    """Have nothing arrive any more of what pods say, as when the other end of a connection went first."""
    for link in json.loads(host.ip("-json", "link", "show", "master", settings.BRIDGE)):
        host.ip("link", "set", link["ifname"], "down")


def freeze_the_pods() -> None:
    """Have the pods stand still, as runc does for a moment with one that it ends."""
    for group in cgroups.groups():
        for name, word in (("freezer.state", "FROZEN"), ("cgroup.freeze", "1")):
            for file in group.glob(f"kubepods*/{name}"):
                file.write_text(word)


def test_the_host_is_as_before_though_a_connection_is_unanswered_and_a_pod_is_frozen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot()
    cluster = hack.cluster.up(node="real")
    assert run_a_pod(cluster).startswith("reached")
    assert "listening" in cluster.run_kubectl("logs", "probe")
    assert cluster.run_kubectl("exec", "probe", "--", "/probe", "hello") == "hello\n"
    assert snapshot()["links"] != before["links"]
    address = cluster.run_kubectl("get", "pod/probe", "--output=jsonpath={.status.podIP}")
    with socket.create_connection((address, 8080)):
        unplug_the_pods()
        freeze_the_pods()
        monkeypatch.setattr(progress, "EVERY", 0.01)
        hack.cluster.down()
    assert "ending what runs on the node ..." in capsys.readouterr().out
    check_same(before)
