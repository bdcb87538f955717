"""Find the cluster as kubectl does: kubectl reads the kubeconfig, or a Pod has its service account."""

import contextlib
import dataclasses
import functools
import json
import logging
import os
import pathlib
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from logging import handlers
from typing import Any, NamedTuple

import urllib3
from kubernetes import client, config
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster import kubectl
from formation_cli.cluster.port import Target
from formation_operator.kube.objects import lenient

POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT = pathlib.Path("~/.kube/config")
MOST_LINES = 1000
"""Lines that a login is expected to log at most."""
CONNECTIONS = 256
"""As many logs are followed at once without a new connection for each request."""
ONCE = urllib3.Retry(connect=0, read=0)
"""How often a request is tried: else it would take four times as long as it may."""
NO_CONFIG = (
    "Name a kubeconfig with --kubeconfig or $KUBECONFIG; `kubectl config get-contexts` lists its contexts."
)


class Access(NamedTuple):
    """How to reach a cluster, as whom, and where."""

    target: Target
    """With the context that was the current one."""
    configuration: client.Configuration
    namespace: str
    headers: tuple[tuple[str, str], ...] = ()
    """By which the API server takes us for somebody else, in bytes as characters."""


def load(target: Target) -> Access:
    """Return how to reach the cluster that is meant; raises `NoAccess` with kubectl's words if that fails."""
    configuration = client.Configuration(connection_pool_maxsize=CONNECTIONS)
    configuration.retries = ONCE
    configuration.keep_alive = True  # or a connection that was idle for long may be dead, and nobody knows
    if _is_pod_without_kubeconfig(target):
        with _complaining():
            config.load_incluster_config(client_configuration=configuration)
        namespace = target.namespace or POD_NAMESPACE.read_text().strip()
        return Access(target, configuration, namespace, _impersonation(target, {}))
    found = _view(target)
    _log_in(found, configuration, _folder(target))
    return Access(
        dataclasses.replace(target, context=found["current-context"]),
        configuration,
        target.namespace or found["contexts"][0]["context"].get("namespace") or "default",
        _impersonation(target, found["users"][0]["user"] if found["users"] else {}),
    )


def _folder(target: Target) -> str:
    """Return where relative paths begin, which kubectl shows as they are: beside the first kubeconfig.

    kubectl skips those that don't exist.
    """
    named = [target.kubeconfig] if target.kubeconfig else os.environ.get("KUBECONFIG", "").split(os.pathsep)
    there = (path for each in named if each and (path := pathlib.Path(each).expanduser()).exists())
    return str(next(there, DEFAULT.expanduser()).parent)


def _log_in(found: dict[str, Any], configuration: client.Configuration, folder: str) -> None:
    """Take what a kubeconfig says, and have its command log in, if it names one; it may be asked again."""
    with _complaining():
        kube_config.KubeConfigLoader(found, config_base_path=folder).load_and_set(configuration)
    if not configuration.verify_ssl:  # anyone who wants it so need not be warned at each request
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    renew = configuration.refresh_api_key_hook
    if renew is not None:
        configuration.refresh_api_key_hook = functools.partial(_renew, renew)


def clean_up() -> None:
    """Delete the client's files with keys of the kubeconfig: it would at our end, which may not come."""
    kube_config._cleanup_temp_files()  # noqa: SLF001  # it has no other way


def _is_pod_without_kubeconfig(target: Target) -> bool:
    named = target.kubeconfig or target.context or os.environ.get("KUBECONFIG")
    return not named and not DEFAULT.expanduser().exists() and POD_NAMESPACE.exists()


def _view(target: Target) -> dict[str, Any]:
    """Return the one context that is meant, with its cluster and user, and no file that it would need."""
    done = kubectl.config(target, "view", "--raw", "--minify", "--flatten", "--output=json")
    if done.returncode:
        sentence = f"The kubeconfig can't be used. kubectl says:\n{kubectl.printable(done.stderr)}"
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


def _renew(renew: Callable[[client.Configuration], None], configuration: client.Configuration) -> None:
    """Log in anew where that is due, before each request: it may be one of many at once.

    The client would set all else to what the kubeconfig says, too, in the midst of others' requests.
    """
    renewed = client.Configuration()
    with _complaining():
        renew(renewed)
    configuration.api_key = renewed.api_key


@contextlib.contextmanager
def _complaining() -> Iterator[None]:
    """Raise `NoAccess` if a login fails: the client would only log that, and go on as nobody."""
    complaints = handlers.BufferingHandler(MOST_LINES)
    complaints.setLevel(logging.ERROR)
    logging.getLogger().addHandler(complaints)
    said = []
    try:
        yield
    except (config.ConfigException, OSError, ValueError) as error:
        said.append(str(error))
    finally:
        logging.getLogger().removeHandler(complaints)
    own = (each for each in complaints.buffer if each.thread == threading.get_ident())
    said += [each.getMessage() for each in own]  # others may be in the midst of their own requests
    if said:
        raise failures.NoAccess(
            f"Logging in failed: {lenient.shown(said[0], lenient.LONGEST_SUMMARY)}",
            hint="The kubeconfig names the command that logs this user in: run that command by hand.",
        )
