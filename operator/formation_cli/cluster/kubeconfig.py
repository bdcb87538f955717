"""Find the cluster as kubectl does: kubectl reads the kubeconfig, or a Pod has its service account."""

import base64
import dataclasses
import importlib
import json
import os
import pathlib
import urllib.parse
import urllib.request
from typing import Any

import urllib3

from formation_cli import failures
from formation_cli.cluster import kubectl
from formation_cli.cluster.access import Access, Server
from formation_cli.cluster.port import Target
from formation_operator.kube.objects import lenient

POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT = pathlib.Path("~/.kube/config")
LOGINS = {"exec", "auth-provider"}
"""By which a user of a kubeconfig logs in, in place of showing a token or a certificate."""
NO_CONFIG = (
    "Name a kubeconfig with --kubeconfig or $KUBECONFIG; `kubectl config get-contexts` lists its contexts."
)


def load(target: Target) -> Access:
    """Return how to reach the cluster that is meant; raises `NoAccess` with kubectl's words if that fails."""
    if _is_pod_without_kubeconfig(target):
        server = _logins().of_pod()
        namespace = target.namespace or POD_NAMESPACE.read_text().strip()
        return Access(target, server, namespace, _impersonation(target, {}))
    found = _view(target)
    user = found["users"][0]["user"] if found["users"] else {}
    return Access(
        dataclasses.replace(target, context=found["current-context"]),
        _logins().of_kubeconfig(found, _folder(target))
        if LOGINS & user.keys()
        else _server(found["clusters"], user, _folder(target)),
        target.namespace or found["contexts"][0]["context"].get("namespace") or "default",
        _impersonation(target, user),
    )


def _logins() -> Any:
    """Return what logs in: few need it, and it takes most of the time to start."""
    return importlib.import_module("formation_cli.cluster.logins")


def _server(clusters: list[dict[str, Any]] | None, user: dict[str, Any], folder: str) -> Server:
    """Return the API server of a kubeconfig, for a user with a token, a password or a certificate."""
    cluster = clusters[0]["cluster"] if clusters else {}
    host = cluster.get("server", "").rstrip("/")
    if not host:
        raise failures.NoAccess("The kubeconfig names no server for this context.", hint=NO_CONFIG)
    try:
        authorization = _authorization(user, folder)
        pair = [_data(user, f"client-{each}-data") for each in ("certificate", "key")]
        authority = _data(cluster, "certificate-authority-data")
    except (OSError, ValueError) as error:
        said = lenient.shown(str(error), lenient.LONGEST_SUMMARY)
        raise failures.NoAccess(f"The kubeconfig can't be used: {said}", hint=NO_CONFIG) from error
    return Server(
        host=host,
        authorization=lambda: authorization,
        authority=authority,
        certificate="\n".join(pair) if pair[0] else "",
        is_verified=not cluster.get("insecure-skip-tls-verify"),
        tls_name=cluster.get("tls-server-name", ""),
        proxy=cluster.get("proxy-url") or _proxy(host),
    )


def _authorization(user: dict[str, Any], folder: str) -> str:
    token, file = user.get("token"), user.get("tokenFile")
    if file and not token:
        token = pathlib.Path(folder, file).read_text(encoding="utf-8").strip()
    if token:
        return f"Bearer {token}"
    password = f"{user['username']}:{user.get('password', '')}" if "username" in user else None
    return str(urllib3.util.make_headers(basic_auth=password).get("authorization", ""))


def _data(source: dict[str, Any], key: str) -> str:
    return base64.b64decode(source.get(key) or "").decode()


def _proxy(host: str) -> str:
    """Return the proxy that the environment names for a host, as curl has it."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(urllib.parse.urlsplit(host).scheme, "")
    return "" if proxy and _logins().bypasses(host, proxies.get("no", "")) else proxy


def _folder(target: Target) -> str:
    """Return where relative paths begin, which kubectl shows as they are: beside the first kubeconfig.

    kubectl skips those that don't exist.
    """
    named = [target.kubeconfig] if target.kubeconfig else os.environ.get("KUBECONFIG", "").split(os.pathsep)
    there = (path for each in named if each and (path := pathlib.Path(each).expanduser()).exists())
    return str(next(there, DEFAULT.expanduser()).parent)


def _is_pod_without_kubeconfig(target: Target) -> bool:
    named = target.kubeconfig or target.context or os.environ.get("KUBECONFIG")
    return not named and not DEFAULT.expanduser().exists() and POD_NAMESPACE.exists()


def _view(target: Target) -> dict[str, Any]:
    """Return the one context that is meant, with its cluster and user, and no file that it would need."""
    done = kubectl.config(target, "view", "--raw", "--minify", "--flatten", "--output=json")
    if done.returncode:
        sentence = f"The kubeconfig can't be used. kubectl says:\n{kubectl.printable(done.stderr)}"
        if target.kubeconfig and not pathlib.Path(target.kubeconfig).exists():
            sentence = f"There is no file {target.kubeconfig}."
        raise failures.NoAccess(sentence, hint=NO_CONFIG)
    return dict(json.loads(done.stdout))


def _impersonation(target: Target, user: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the headers that say as whom one acts: the command line's word counts more."""
    extra = user.get("as-user-extra") or {}
    pairs = [
        ("User", target.as_user or user.get("as")),
        ("Uid", user.get("as-uid")),
        *(("Group", each) for each in user.get("as-groups") or ()),
        *(
            (f"Extra-{urllib.parse.quote(key, safe='')}", each)
            for key, values in extra.items()
            for each in values
        ),
    ]
    return tuple((f"Impersonate-{name}", value.encode().decode("latin-1")) for name, value in pairs if value)
