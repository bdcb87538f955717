"""The machine that a real node runs on: refused where we could harm it, put back afterwards.

Mounts need no care, since containerd and kubelet live in a mount namespace of their own that
goes with its last process; so do the pods' network namespaces and links.
"""

import contextlib
import ipaddress
import json
import os
import pathlib
import re
import typing

from hack.cluster import cgroups, commands, firewall, packages, paths, settings
from hack.cluster.errors import ClusterError

# What kubelet, kube-proxy and the bridge plugin set; forwarding comes first as it resets others.
SYSCTLS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/accept_redirects",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv6/conf/all/forwarding",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
# Folders outside our state that can't be configured away: hidden from the node by empty ones.
HIDDEN = ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
LOCK = pathlib.Path("/run/xtables.lock")
FOREIGN_LINKS = re.compile(
    r"docker\d|br-[0-9a-f]{12}|cni|podman|flannel|cali|cilium|weave|kube|nerdctl|antrea"
)
OTHERWISE = "use `--node simulated` (KUBE_NODE=simulated), which touches nothing"
SYS_RESOURCE = 24
LONGEST_STATE = 60


def require_root() -> None:
    """Raise ClusterError where the user can't run a real node."""
    if os.geteuid() != 0:
        raise ClusterError(f"a real node needs root: {OTHERWISE}")


def require_possible() -> None:
    """Raise ClusterError where a real node can't run, or isn't safe to run."""
    if len(str(paths.state())) > LONGEST_STATE:
        raise ClusterError(f"{paths.state()} is too long for sockets: set FORMATION_CACHE to a shorter path")
    packages.require()
    links = link_names()
    if settings.BRIDGE in links:
        raise ClusterError(
            f"a cluster with another FORMATION_CACHE is here ({settings.BRIDGE}): end that one"
        )
    foreign = [*filter(FOREIGN_LINKS.match, links), *firewall.foreign_chains()]
    if foreign:
        raise ClusterError(f"another Kubernetes or container network is here ({foreign[0]}): {OTHERWISE}")
    routes = overlapping_routes()
    if routes:
        raise ClusterError(f"this machine has a route to {routes[0]}, which the cluster needs: {OTHERWISE}")


def ip(*arguments: str) -> str:
    """Run `ip` and return what it prints."""
    return commands.output([packages.find("ip") or "ip", *arguments])


def link_names() -> list[str]:
    """Return the names of the network links."""
    return [link["ifname"] for link in json.loads(ip("-json", "link"))]


def overlapping_routes() -> list[str]:
    """Return the routes, but for the default one, that overlap our networks."""
    ours = [ipaddress.ip_network(network) for network in (settings.POD_NETWORK, settings.SERVICE_NETWORK)]
    routes = [route["dst"] for route in json.loads(ip("-json", "-4", "route", "show", "table", "all"))]
    networks = [ipaddress.ip_network(route) for route in routes if route != "default"]
    return [str(network) for network in networks if any(network.overlaps(our) for our in ours)]


def snapshot() -> dict[str, typing.Any]:
    """Return what has to be put back later."""
    files = {name: pathlib.Path("/proc/sys", name) for name in SYSCTLS}
    return {
        "sysctls": {name: file.read_text().strip() for name, file in files.items() if file.exists()},
        "absent": [folder for folder in HIDDEN if not pathlib.Path(folder).exists()],
        "had_lock": LOCK.exists(),
        "tables": firewall.snapshot(),
    }


def make_hidden() -> None:
    """Make the folders that the node mounts its own over; nobody writes to those themselves."""
    for folder in HIDDEN:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)


def make_bridge() -> None:
    """Make the bridge of the pods, and send what is for Services there instead of out of the machine.

    Its hardware address is its own. It would else be the lowest of its ports', which come and go: each time
    that it changed, pods would send what is for this machine nowhere, for the eight seconds in which they
    trust what they knew, and the last words of one that ends would be lost.
    """
    ip("link", "add", settings.BRIDGE, "address", settings.BRIDGE_LINK_ADDRESS, "type", "bridge")
    length = settings.POD_NETWORK.partition("/")[2]
    ip("address", "add", f"{settings.BRIDGE_ADDRESS}/{length}", "dev", settings.BRIDGE)
    ip("link", "set", settings.BRIDGE, "up")
    ip("route", "add", settings.SERVICE_NETWORK, "dev", settings.BRIDGE, "src", settings.BRIDGE_ADDRESS)


def restore(before: dict[str, typing.Any]) -> None:
    """Put the machine back; every step can be repeated."""
    cgroups.remove()
    cgroups.disable(before.get("controllers", []))
    remove_links()
    firewall.restore(before.get("tables", {}))
    for name, value in before.get("sysctls", {}).items():
        restore_sysctl(pathlib.Path("/proc/sys", name), value)
    for folder in before.get("absent", []):
        with contextlib.suppress(OSError):  # somebody else uses it by now
            pathlib.Path(folder).rmdir()
    if not before.get("had_lock", True):
        LOCK.unlink(missing_ok=True)


def remove_links() -> None:
    """Remove the bridge with the links of the pods, none of which is of use by now.

    They would go with their network namespaces. But the kernel keeps one of those for two minutes while a
    connection of an ended process waits for an answer, and the other end may have ended, too.
    """
    if settings.BRIDGE not in link_names():
        return
    for link in json.loads(ip("-json", "link", "show", "master", settings.BRIDGE)):
        remove_link(link["ifname"])
    ip("link", "delete", settings.BRIDGE)


def remove_link(name: str) -> None:
    """Remove a link, unless it has gone with its namespace by now."""
    try:
        ip("link", "delete", name)
    except ClusterError:
        if name in link_names():
            raise


def restore_sysctl(file: pathlib.Path, value: str) -> None:
    """Write a kernel setting where it has changed."""
    if file.exists() and file.read_text().strip() != value:
        file.write_text(value)


def lacks_sys_resource() -> bool:
    """Tell whether root may not lower the score by which the kernel chooses whom to kill."""
    found = re.search(r"^CapEff:\s*(\w+)$", pathlib.Path("/proc/self/status").read_text(), re.MULTILINE)
    return found is None or not int(found[1], 16) >> SYS_RESOURCE & 1
