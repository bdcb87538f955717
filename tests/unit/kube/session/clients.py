"""What both of our clients are made of: the kubeconfig that they log in by, and the session that watches."""

import json
import pathlib

import aiohttp

from formation_operator.kube.objects import kinds
from formation_operator.kube.session import kopf_session
from formation_operator.kube.session.connection import Connection

WATCH = kinds.BY_NAME[kinds.POD].place(None) + "?watch=true&resourceVersion=5"


def write(file: pathlib.Path, cluster: dict[str, str], user: dict[str, str]) -> None:
    """Write a kubeconfig with a cluster and who we are there."""
    here = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "us", "user": user}],
    }
    file.write_text(json.dumps(here))


def watching(opened: Connection) -> aiohttp.ClientSession:
    """Return the session in which kopf watches the same server."""
    return kopf_session.session(opened, *2 * [lambda _: None])
