"""A real node: containers run on this machine, reached from it and from nowhere else.

Everything of it listens on the address of a bridge of our own.  Its root folders are in the
cluster's state, its mounts in a namespace, its processes in a control group.
"""

import pathlib
import shutil
import socket

from hack.cluster import (
    cgroups,
    control_plane,
    firewall,
    host,
    images,
    paths,
    progress,
    runtime,
    settings,
    templates,
)
from hack.cluster.cluster import Cluster
from hack.cluster.record import Record

PAUSE = pathlib.Path(__file__).with_name("pause")


def prepare(record: Record) -> None:
    """Remember how the machine was, then make the bridge and the control group."""
    record.host = host.snapshot()
    record.save()
    host.make_hidden()
    host.make_bridge()
    firewall.accept(settings.BRIDGE)
    record.host["controllers"] = cgroups.create()
    record.save()
    settings.require_free(settings.BRIDGE_ADDRESS, settings.KUBELET_PORT)


def start_runtime(record: Record) -> None:
    """Start containerd and give it the image that every pod begins with."""
    (paths.state() / "cni/net.d").mkdir(parents=True, exist_ok=True)
    networks = {"bridge": settings.BRIDGE, "pods": settings.POD_NETWORK, "services": settings.SERVICE_NETWORK}
    templates.write("cni/net.d/10-formation.conflist", gateway=settings.BRIDGE_ADDRESS, **networks)
    runtime.start(record)
    pause = images.from_program(PAUSE, images.Image(runtime.PAUSE, user="65535:65535"))
    images.put(pathlib.Path(record.binaries["ctr"]), pause)


def start(record: Record, keys: control_plane.Keys) -> None:
    """Start kubelet and kube-proxy."""
    user = f"system:node:{settings.NODE}"
    kubeconfig = control_plane.kubeconfig(record, keys, user, "system:nodes")
    kubelet = [
        record.binaries["kubelet"],
        f"--config={configuration(keys)}",
        f"--kubeconfig={kubeconfig}",
        f"--root-dir={paths.state() / 'kubelet'}",
        f"--hostname-override={settings.NODE}",
        f"--node-ip={settings.BRIDGE_ADDRESS}",
    ]
    record.start("kubelet", runtime.beside(record, *kubelet))
    kubeconfig = control_plane.kubeconfig(record, keys, "system:kube-proxy")
    names = {"node": settings.NODE, "address": settings.BRIDGE_ADDRESS, "pods": settings.POD_NETWORK}
    file = templates.write("kube-proxy.yaml", kubeconfig=kubeconfig, **names)
    proxy = [record.binaries["kube-proxy"], f"--config={file}"]
    record.start("kube-proxy", runtime.in_group(*proxy))


def configuration(keys: control_plane.Keys) -> pathlib.Path:
    """Write kubelet's configuration."""
    address = settings.BRIDGE_ADDRESS
    serving = keys.ca.issue("kubelet", settings.NODE, hosts=(address,))
    (paths.state() / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n")
    return templates.write(
        "kubelet.yaml",
        address=address,
        port=settings.port(settings.KUBELET_PORT),
        authority=keys.ca.pair.certificate,
        certificate=serving.certificate,
        key=serving.key,
        socket=runtime.socket(),
        group=settings.CGROUP,
    )


def wait(record: Record, running: Cluster) -> None:
    """Wait until the node is ready and Services lead somewhere."""
    control_plane.wait_for_node(record, running)
    progress.wait("Services work", service_answers, record.daemons)


def service_answers() -> bool:
    """Tell whether the API server is reached through its Service."""
    try:
        socket.create_connection((settings.API_SERVICE, 443), timeout=1).close()
    except OSError:
        return False
    return True


def clean(record: Record) -> None:
    """End everything on the node and put the machine back."""
    host.restore(record.host)
    shutil.rmtree(paths.sockets(), ignore_errors=True)
