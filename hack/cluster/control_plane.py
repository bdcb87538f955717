"""The control plane: etcd, API server, controller manager and scheduler, as plain processes.

With a real node the API server listens on the bridge of the pods, so that they reach it;
otherwise on loopback.  It never listens on an address that other machines can reach.
"""

import dataclasses
import pathlib

from hack.cluster import audit, certificates, kubeconfigs, paths, progress, settings, templates
from hack.cluster.cluster import Cluster
from hack.cluster.record import Record

ADMIN = ("admin", "system:masters")


@dataclasses.dataclass(frozen=True)
class Keys:
    """The identities of everything that takes part in the cluster."""

    ca: certificates.Authority
    front_proxy_ca: certificates.Authority
    front_proxy: certificates.Pair
    server: certificates.Pair
    service_accounts: certificates.Pair
    admin: certificates.Pair


def make_keys(folder: pathlib.Path) -> Keys:
    """Make the certificates of the control plane."""
    folder.mkdir(parents=True)
    ca = certificates.Authority(folder, "ca")
    front = certificates.Authority(folder, "front-proxy-ca")
    service = "kubernetes.default.svc"
    names = ("localhost", "kubernetes", "kubernetes.default", service, f"{service}.cluster.local")
    addresses = (settings.LOOPBACK, settings.BRIDGE_ADDRESS, settings.API_SERVICE)
    return Keys(
        ca=ca,
        front_proxy_ca=front,
        front_proxy=front.issue("front-proxy", "front-proxy-client"),
        server=ca.issue("api-server", "kube-apiserver", hosts=names + addresses),
        service_accounts=ca.issue("service-accounts", "service-accounts"),
        admin=ca.issue(*("admin", *ADMIN)),
    )


def address(record: Record) -> str:
    """Return the address that the API server listens on."""
    return settings.BRIDGE_ADDRESS if record.node == "real" else settings.LOOPBACK


def start(record: Record, keys: Keys) -> None:
    """Start etcd and the API server."""
    settings.require_free(settings.LOOPBACK, settings.ETCD_PORT)
    settings.require_free(address(record), settings.API_PORT)
    etcd = f"http://{settings.LOOPBACK}:{settings.port(settings.ETCD_PORT)}"
    peer = f"http://{settings.LOOPBACK}:2380"
    file = templates.write("etcd.yaml", url=etcd, peer=peer, anywhere=f"http://{settings.LOOPBACK}:0")
    record.start("etcd", [record.binaries["etcd"], f"--config-file={file}"])
    flags = [*api_server_flags(address(record), etcd), *identity_flags(keys)]
    if record.controllers:  # without them it is measured, and not tested, what somebody asks for
        flags += audit.flags()
    record.start("kube-apiserver", [record.binaries["kube-apiserver"], *flags])


def api_server_flags(bind: str, etcd: str) -> list[str]:
    """Return where the API server listens and what it serves."""
    # Endpoints may not be on loopback, so without pods the Service `kubernetes` has none.
    reconciler = "none" if bind == settings.LOOPBACK else "lease"
    return [
        f"--bind-address={bind}",
        f"--secure-port={settings.port(settings.API_PORT)}",
        f"--advertise-address={settings.BRIDGE_ADDRESS}",
        f"--endpoint-reconciler-type={reconciler}",
        f"--etcd-servers={etcd}",
        f"--service-cluster-ip-range={settings.SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-aggregator-routing=true",
        "--kubelet-preferred-address-types=InternalIP",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        *admission_flags(),
    ]


def admission_flags() -> list[str]:
    """Return what has an older minor serve mutating admission policies: tests hold Pods by one."""
    version = settings.ADMISSION.get(settings.minor())
    if version is None:
        return []
    served = f"--runtime-config=admissionregistration.k8s.io/{version}=true"
    return ["--feature-gates=MutatingAdmissionPolicy=true", served]


def identity_flags(keys: Keys) -> list[str]:
    """Return whom the API server trusts, and how it proves itself."""
    ca, accounts = keys.ca.pair.certificate, keys.service_accounts
    return [
        f"--client-ca-file={ca}",
        f"--tls-cert-file={keys.server.certificate}",
        f"--tls-private-key-file={keys.server.key}",
        f"--kubelet-certificate-authority={ca}",
        f"--kubelet-client-certificate={keys.admin.certificate}",
        f"--kubelet-client-key={keys.admin.key}",
        f"--service-account-key-file={accounts.certificate}",
        f"--service-account-signing-key-file={accounts.key}",
        f"--requestheader-client-ca-file={keys.front_proxy_ca.pair.certificate}",
        f"--proxy-client-cert-file={keys.front_proxy.certificate}",
        f"--proxy-client-key-file={keys.front_proxy.key}",
    ]


def kubeconfig(record: Record, keys: Keys, user: str, group: str = "") -> pathlib.Path:
    """Write a kubeconfig for a user of the cluster, named after it."""
    name = user.removeprefix("system:").replace(":", "-")
    user_keys = kubeconfigs.by_certificate(keys.ca.issue(name, user, group))
    file = paths.state() / f"{name}.kubeconfig"
    return kubeconfigs.write(file, kubeconfigs.known_by(record.server, keys.ca.pair.certificate), user_keys)


def start_controllers(record: Record, keys: Keys) -> None:
    """Start the controller manager and the scheduler; neither serves anything."""
    manager = kubeconfig(record, keys, "system:kube-controller-manager")
    command = [record.binaries["kube-controller-manager"], *controller_flags(manager, keys)]
    record.start("kube-controller-manager", command)
    scheduler = kubeconfig(record, keys, "system:kube-scheduler")
    flags = [f"--kubeconfig={scheduler}", *common_flags()]
    record.start("kube-scheduler", [record.binaries["kube-scheduler"], *flags])


def common_flags() -> list[str]:
    """Return what both have in common: alone, unserved, and not slowed down by their client."""
    return ["--leader-elect=false", "--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=1000"]


def controller_flags(file: pathlib.Path, keys: Keys) -> list[str]:
    """Return the flags of the controller manager."""
    ca = keys.ca.pair
    return [
        f"--kubeconfig={file}",
        *common_flags(),
        "--use-service-account-credentials=true",
        f"--root-ca-file={ca.certificate}",
        f"--service-account-private-key-file={keys.service_accounts.key}",
        f"--cluster-signing-cert-file={ca.certificate}",
        f"--cluster-signing-key-file={ca.key}",
        "--horizontal-pod-autoscaler-sync-period=5s",
        # Each test has a namespace; at the default rate their deletions would queue up for minutes.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def wait(record: Record, running: Cluster) -> None:
    """Wait for the API server."""
    readyz = ("get", "--raw", "/readyz")
    progress.wait("the API server is ready", lambda: running.answers(*readyz), record.daemons)


def wait_for_controllers(record: Record, running: Cluster) -> None:
    """Wait until pods can be created: they need the service account that a controller makes."""
    account = ("get", "--raw", "/api/v1/namespaces/default/serviceaccounts/default")
    progress.wait("the controllers are at work", lambda: running.answers(*account), record.daemons)


def wait_for_node(record: Record, running: Cluster) -> None:
    """Wait until the node is ready."""
    ready = ("wait", "--for=condition=Ready", f"node/{settings.NODE}", "--timeout=1s")
    progress.wait("the node is ready", lambda: running.answers(*ready), record.daemons)
