"""kubectl's options for the cluster, and the connection that they lead to."""

import importlib
from collections.abc import Iterable
from typing import Any

import click

from formation_cli.cluster import kinds, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.cluster.target import Target

AT_ONCE = 5.0
"""Seconds that a request may take while somebody waits for a completion."""


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Keep what is given, before the command or after it: the later one counts."""
    if value is not None and param.name:
        ctx.find_root().ensure_object(dict)[param.name] = value


def _option(*names: str, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **more)


def target_of(ctx: click.Context) -> Target:
    """Return which cluster is meant."""
    return Target(**ctx.find_root().ensure_object(dict))


def connect(target: Target, **how: Any) -> Cluster:
    """Connect to a cluster: only now the client is imported, which takes most of the time to start."""
    cluster: Cluster = importlib.import_module("formation_cli.cluster.api_server").connect(target, **how)
    return cluster


def connect_at_once(ctx: click.Context) -> Cluster:
    """Connect to a cluster that has little time to answer: a shell waits, in which nothing can be typed."""
    return connect(target_of(ctx), timeout=AT_ONCE)


def _complete_namespace(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the namespaces that begin so; nothing where the cluster doesn't say."""
    try:
        found = connect_at_once(ctx).in_all_namespaces().select(kinds.NAMESPACE).items
    except click.ClickException:
        return []
    return _beginning_so((each["metadata"]["name"] for each in found), incomplete)


def _complete_context(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the contexts of the kubeconfig that begin so."""
    names = kubectl.config(target_of(ctx), "get-contexts", "--output=name").stdout.split()
    return _beginning_so(names, incomplete)


def _beginning_so(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


CLUSTER_OPTIONS = (
    _option(
        "-n",
        "--namespace",
        shell_complete=_complete_namespace,
        help="The namespace, instead of the context's.",
    ),
    _option(
        "--context",
        shell_complete=_complete_context,
        help="The context of the kubeconfig, instead of the current one.",
    ),
    _option("--kubeconfig", type=click.Path(dir_okay=False), help="The file, instead of $KUBECONFIG."),
    _option("--as", "as_user", hidden=True),
)
"""As kubectl has them. What else it has for a connection belongs into a kubeconfig."""
