"""A real node: containers run on this machine, reached from it and from nowhere else.

Everything of it listens on the address of a bridge of our own.  Its root folders are in the
cluster's state, its mounts in a namespace, its processes in a control group.
"""

import json
import pathlib
import shutil
import socket
import typing

import yaml

from tests.cluster import (
    cgroups,
    control_plane,
    firewall,
    host,
    images,
    paths,
    progress,
    runtime,
    settings,
)
from tests.cluster.cluster import Cluster
from tests.cluster.record import Record

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
    write_network()
    runtime.start(record)
    pause = images.from_program(PAUSE, images.Image(runtime.PAUSE, user="65535:65535"))
    images.put(pathlib.Path(record.binaries["ctr"]), pause)


def write_network() -> None:
    """Write the network of the pods: a port of the bridge and the next free address for each."""
    folder = paths.state() / "cni"
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "networks"),
        "ranges": [[{"subnet": settings.POD_NETWORK, "gateway": settings.BRIDGE_ADDRESS}]],
        "routes": [{"dst": settings.SERVICE_NETWORK}],  # and nowhere else: pods can't leave this machine
    }
    bridge = {
        "type": "bridge",
        "bridge": settings.BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    network = {"cniVersion": "1.0.0", "name": "formation", "plugins": [bridge, ports]}
    file = folder / "net.d" / "10-formation.conflist"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(network, indent=1))


def start(record: Record, keys: control_plane.Keys) -> None:
    """Start kubelet and kube-proxy."""
    user = f"system:node:{settings.NODE}"
    kubeconfig = control_plane.kubeconfig(record, keys, user, "system:nodes")
    kubelet = [
        record.binaries["kubelet"],
        f"--config={write('kubelet.yaml', kubelet_configuration(keys))}",
        f"--kubeconfig={kubeconfig}",
        f"--root-dir={paths.state() / 'kubelet'}",
        f"--hostname-override={settings.NODE}",
        f"--node-ip={settings.BRIDGE_ADDRESS}",
    ]
    record.start("kubelet", runtime.beside(record, *kubelet))
    kubeconfig = control_plane.kubeconfig(record, keys, "system:kube-proxy")
    file = write("kube-proxy.yaml", proxy_configuration(kubeconfig))
    proxy = [record.binaries["kube-proxy"], f"--config={file}"]
    record.start("kube-proxy", runtime.in_group(*proxy))


def kubelet_configuration(keys: control_plane.Keys) -> dict[str, typing.Any]:
    """Return kubelet's configuration: it never evicts, since this machine's disk isn't ours to judge."""
    address, state = settings.BRIDGE_ADDRESS, paths.state()
    serving = keys.ca.issue("kubelet", settings.NODE, hosts=(address,))
    (state / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "port": settings.port(settings.KUBELET_PORT),
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys.ca.pair.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{runtime.socket()}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{settings.CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [address],  # where nobody answers: a refusal at once instead of a timeout
        "resolvConf": str(state / "resolv.conf"),
        "podLogsDir": str(state / "pod-logs"),
        "volumePluginDir": str(state / "volume-plugins"),
        "evictionHard": dict.fromkeys(
            ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"
        ),
        "imageGCHighThresholdPercent": 100,
        "maxPods": 200,
    }


def proxy_configuration(kubeconfig: pathlib.Path) -> dict[str, typing.Any]:
    """Return kube-proxy's configuration: Services are reached from this machine alone."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": settings.NODE,
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "clusterCIDR": settings.POD_NETWORK,
        "nodePortAddresses": [settings.POD_NETWORK],
        "healthzBindAddress": "",
        "metricsBindAddress": f"{settings.BRIDGE_ADDRESS}:10249",
        "iptables": {"localhostNodePorts": False},
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def write(name: str, content: dict[str, typing.Any]) -> pathlib.Path:
    """Write a configuration into the state."""
    file = paths.state() / name
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


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
