"""Write kubeconfig files, whole: they can be copied away without the files they were made from."""

import base64
import pathlib
import typing

import yaml

from hack.cluster import certificates


def encoded(file: pathlib.Path) -> str:
    """Return a file's content as kubeconfigs embed it."""
    return base64.b64encode(file.read_bytes()).decode()


def by_certificate(pair: certificates.Pair) -> dict[str, str]:
    """Return a user who proves itself with a certificate."""
    return {"client-certificate-data": encoded(pair.certificate), "client-key-data": encoded(pair.key)}


def known_by(server: str, ca: pathlib.Path) -> dict[str, str]:
    """Return a cluster that proves itself by an authority."""
    return {"server": server, "certificate-authority-data": encoded(ca)}


def write(
    file: pathlib.Path, cluster: dict[str, str], user: dict[str, str], namespace: str = "default"
) -> pathlib.Path:
    """Write a kubeconfig for one user of a cluster."""
    context = {"cluster": "formation", "user": "formation", "namespace": namespace}
    content: dict[str, typing.Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "formation", "cluster": cluster}],
        "users": [{"name": "formation", "user": user}],
        "contexts": [{"name": "formation", "context": context}],
        "current-context": "formation",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file
