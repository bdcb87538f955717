"""Find the cluster as kubectl does: by the command line, the kubeconfig, or the Pod's service account."""

import dataclasses
import pathlib
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster.target import Target

POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
CONNECTIONS = 256
"""As many logs are followed at once without a new connection for each request."""
BROKEN = (config.ConfigException, yaml.YAMLError, OSError, ValueError, KeyError, TypeError)
"""What the client makes of a file that is none."""
NO_CONFIG = (
    "Name a kubeconfig by --kubeconfig or $KUBECONFIG; `kubectl config get-contexts` lists what it has."
)


def load(target: Target) -> tuple[Target, client.Configuration, str]:
    """Return the target as the kubeconfig completes it, how to reach the cluster, and the namespace."""
    configuration = client.Configuration(connection_pool_maxsize=CONNECTIONS)
    try:
        whole, namespace = _load(target, configuration)
    except BROKEN as error:
        sentence = f"The kubeconfig can't be used: {error}"
        raise failures.NoAccess(sentence, hint=NO_CONFIG) from error
    _override(configuration, target)
    return whole, configuration, target.namespace or namespace or "default"


def _load(target: Target, configuration: client.Configuration) -> tuple[Target, str | None]:
    merger = kube_config.KubeConfigMerger(target.kubeconfig or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    if merger.config is not None:
        context = target.context or _current_context(merger)
        return _load_context(merger.config, dataclasses.replace(target, context=context), configuration)
    if not target.kubeconfig and POD_NAMESPACE.exists():
        config.load_incluster_config(client_configuration=configuration)
        return target, POD_NAMESPACE.read_text().strip()
    if target.server:
        return target, None
    raise config.ConfigException("there is none")


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
    context = merged["contexts"].get_with_name(target.context).value["context"]
    for key, value in (("cluster", target.cluster), ("user", target.user)):
        if value:
            context[key] = value
    loader = kube_config.KubeConfigLoader(merged, active_context=target.context, config_base_path=None)
    loader.load_and_set(configuration)
    user = merged["users"].get_with_name(context.get("user"), safe=True)
    return _as_somebody(target, user.safe_get("user") if user else None), _text(context.get("namespace"))


def _as_somebody(target: Target, user: dict[str, Any] | None) -> Target:
    """Act as whom the user of the kubeconfig acts, where the command line doesn't say."""
    said = user or {}
    groups = said.get("as-groups") or []
    if not isinstance(groups, list):
        raise config.ConfigException("its as-groups are no list")
    extras = said.get("as-user-extra") or {}
    if not (isinstance(extras, dict) and all(isinstance(each, list) for each in extras.values())):
        raise config.ConfigException("its as-user-extra are no lists by their keys")
    return dataclasses.replace(
        target,
        as_user=target.as_user or _text(said.get("as")),
        as_uid=target.as_uid or _text(said.get("as-uid")),
        as_group=target.as_group or tuple(map(str, groups)),
        extras={str(key): tuple(map(str, values)) for key, values in extras.items()},
    )


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _override(configuration: client.Configuration, target: Target) -> None:
    """Put what the command line says over what the kubeconfig says."""
    if target.server:
        configuration.host = target.server.rstrip("/")
    if target.token:
        configuration.api_key["BearerToken"] = f"Bearer {target.token}"
        configuration.refresh_api_key_hook = None
        configuration.cert_file = configuration.key_file = None
    if target.certificate_authority:
        configuration.ssl_ca_cert = target.certificate_authority
    if target.insecure_skip_tls_verify:
        configuration.verify_ssl = False
    if target.tls_server_name:
        configuration.tls_server_name = target.tls_server_name
