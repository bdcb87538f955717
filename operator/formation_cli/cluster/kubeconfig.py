"""Find the cluster as kubectl does: by the command line, the kubeconfig, or the Pod's service account."""

import contextlib
import dataclasses
import functools
import logging
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster.target import Target
from formation_operator.kube.objects import lenient

POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT = "~/.kube/config"
CONNECTIONS = 256
"""As many logs are followed at once without a new connection for each request."""
ONCE = urllib3.Retry(connect=0, read=0)
"""How often a request is tried: else it would take four times as long as it may."""
SHAPELESS = (AttributeError, KeyError, TypeError)
BROKEN = (config.ConfigException, yaml.YAMLError, OSError, ValueError, *SHAPELESS)
"""What the client makes of a file that is none."""
NO_CONFIG = (
    "Name a kubeconfig with --kubeconfig or $KUBECONFIG; `kubectl config get-contexts` lists its contexts."
)


def load(target: Target) -> tuple[Target, client.Configuration, str]:
    """Return the target as the kubeconfig completes it, how to reach the cluster, and the namespace."""
    configuration = client.Configuration(connection_pool_maxsize=CONNECTIONS)
    configuration.retries = ONCE
    configuration.keep_alive = True  # or a connection that was idle for long may be dead, and nobody knows
    try:
        with _login():
            whole, namespace = _load(target, configuration)
    except BROKEN as error:
        why = "it doesn't have kubectl's format" if isinstance(error, SHAPELESS) else str(error)
        sentence = f"The kubeconfig can't be used: {lenient.shown(why)}"
        raise failures.NoAccess(sentence, hint=NO_CONFIG) from error
    _override(configuration, target)
    renew = configuration.refresh_api_key_hook
    if renew is not None:
        configuration.refresh_api_key_hook = functools.partial(_renew, renew)
    return whole, configuration, target.namespace or namespace or "default"


def contexts(target: Target) -> list[str]:
    """Return the names of the contexts that the kubeconfig has; none if it can't be read."""
    with contextlib.suppress(*BROKEN):
        merged = kube_config.KubeConfigMerger(_file(target)).config
        return [str(each["name"]) for each in merged["contexts"].value or ()]
    return []


def _file(target: Target) -> str:
    return str(target.kubeconfig or kube_config.KUBE_CONFIG_DEFAULT_LOCATION or DEFAULT)


def clean_up() -> None:
    """Delete the client's files with keys of the kubeconfig: it would at our end, which may not come."""
    kube_config._cleanup_temp_files()  # noqa: SLF001  # it has no other way


def _renew(renew: Callable[[client.Configuration], None], configuration: client.Configuration) -> None:
    """Log in anew where that is due, before each request: it may be one of many at once.

    The client would set all else to what the kubeconfig says, too, in the midst of others' requests.
    """
    renewed = client.Configuration()
    with _login():
        renew(renewed)
    configuration.api_key = renewed.api_key


@contextlib.contextmanager
def _login() -> Iterator[None]:
    """Raise `NoAccess` if a login fails: the client would only log that, and go on as nobody."""
    complaints = _Complaints(logging.ERROR)
    logging.getLogger().addHandler(complaints)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(complaints)
    if complaints.told:
        raise failures.NoAccess(
            f"Logging in failed: {lenient.shown(complaints.told[0], lenient.LONGEST_SUMMARY)}",
            hint="The kubeconfig has the command that logs this user in: try it by hand.",
        )


class _Complaints(logging.Handler):
    """Keeps what the thread that made it logs: others may be in the midst of their own requests."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.told: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.told.append(record.getMessage())


def _load(target: Target, configuration: client.Configuration) -> tuple[Target, str | None]:
    file = _file(target)
    merger = kube_config.KubeConfigMerger(file)
    if merger.config is not None:
        context = target.context or _current_context(merger)
        return _load_context(merger.config, dataclasses.replace(target, context=context), configuration)
    if not target.kubeconfig and POD_NAMESPACE.exists():
        config.load_incluster_config(client_configuration=configuration)
        return target, POD_NAMESPACE.read_text().strip()
    if target.server:
        return target, None
    raise failures.NoAccess(f"There is no kubeconfig {file}.", hint=NO_CONFIG)


def _current_context(merger: kube_config.KubeConfigMerger) -> str:
    """Return what the first file says that says any, as kubectl does: the client's merger takes the last."""
    for each in merger.config_files.values():
        if each.get("current-context"):
            return str(each["current-context"])
    raise config.ConfigException("it has no current context")


def _load_context(
    merged: Any, target: Target, configuration: client.Configuration
) -> tuple[Target, str | None]:
    """Take the context that is meant, with the cluster and the user that the command line names."""
    context = _named(merged, "context", target.context)["context"]
    for key, value in (("cluster", target.cluster), ("user", target.user)):
        if value:
            context[key] = value
        if context.get(key):
            _named(merged, key, context[key])
    loader = kube_config.KubeConfigLoader(merged, active_context=target.context, config_base_path=None)
    loader.load_and_set(configuration)
    user = merged["users"].get_with_name(context.get("user"), safe=True)
    return _as_somebody(target, user.safe_get("user") if user else None), _text(context.get("namespace"))


def _named(merged: Any, kind: str, name: Any) -> Any:
    """Return what has a name in one of the kubeconfig's lists; raises `NoAccess` with what there is."""
    there = [each["name"] for each in merged[f"{kind}s"].value or ()]
    if name not in there:
        raise failures.NoAccess(
            f"The kubeconfig has no {kind} {name}.", hint=failures.did_you_mean(str(name), map(str, there))
        )
    return merged[f"{kind}s"].get_with_name(name).value


def _as_somebody(target: Target, user: dict[str, Any] | None) -> Target:
    """Act as whom the user of the kubeconfig acts, where the command line doesn't say."""
    said = user or {}
    groups = said.get("as-groups") or []
    if not isinstance(groups, list):
        raise config.ConfigException("its as-groups aren't a list")
    if said.get("as-user-extra"):  # left out, it may be somebody with other rights
        raise config.ConfigException("its as-user-extra works only with kubectl itself")
    return dataclasses.replace(
        target,
        as_user=target.as_user or _text(said.get("as")),
        as_uid=target.as_uid or _text(said.get("as-uid")),
        as_group=target.as_group or tuple(map(str, groups)),
    )


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _override(configuration: client.Configuration, target: Target) -> None:
    """Put what the command line says over what the kubeconfig says."""
    if target.token:
        configuration.api_key["BearerToken"] = f"Bearer {target.token}"
        configuration.refresh_api_key_hook = None
        configuration.cert_file = configuration.key_file = None
    if target.certificate_authority:
        configuration.ssl_ca_cert = target.certificate_authority
    if target.insecure_skip_tls_verify:
        configuration.verify_ssl = False
    if not configuration.verify_ssl:  # who wants it so need not be warned at each request
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if target.tls_server_name or target.server:  # the kubeconfig's is that of its own server
        configuration.tls_server_name = target.tls_server_name
    verified = configuration.ssl_ca_cert or configuration.cert_file or not configuration.verify_ssl
    configuration.host = _address(target.server or configuration.host, "https" if verified else "http")


def _address(server: str, scheme: str) -> str:
    """Return where a server is, by a scheme if it says none; raises `NoAccess` for what can't be.

    Source of the scheme: ``DefaultServerURL`` in k8s.io/client-go/rest/url_utils.go.
    """
    whole = server.rstrip("/") if "://" in server else f"{scheme}://{server.rstrip('/')}"
    try:
        parts = urlsplit(whole)
        there = parts.hostname if parts.port is None or parts.port > 0 else ""
    except ValueError:
        there = ""
    if not there or parts.scheme not in {"http", "https"} or any(map(str.isspace, whole)):
        sentence = f"{lenient.shown(server)} isn't the address of a server."
        raise failures.NoAccess(sentence, hint="Write it as https://HOST:PORT.")
    return whole
