"""kubectl's options for the cluster, and the connection that they lead to."""

import dataclasses
import importlib
from collections.abc import Iterable
from typing import Any

import click

from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster
from formation_cli.cluster.target import Target
from formation_cli.words.durations import DURATION

DAY = 86400.0
AT_ONCE = "5s"
"""How long a request may take while somebody waits for a completion."""


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep what is given, before the command or after it: the later one counts."""
    if value not in (None, ()) and param.name:
        ctx.find_root().ensure_object(dict)[param.name] = value


def _remember_duration(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Keep a duration as kubectl takes it, too; raises `click.BadParameter` if it is none, or too long."""
    if value is None:
        return
    seconds = DURATION.convert(value, param, ctx)
    if seconds > DAY:
        raise click.BadParameter("at most a day", ctx, param)
    _remember(ctx, param, f"{seconds}s")


def _option(*names: str, hidden: bool = True, callback: Any = _remember, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=callback, hidden=hidden, **more)


def target_of(ctx: click.Context) -> Target:
    """Return which cluster is meant."""
    return Target(**ctx.find_root().ensure_object(dict))


def connect(target: Target) -> Cluster:
    """Connect to a cluster: only now the client is imported, which takes most of the time to start."""
    cluster: Cluster = importlib.import_module("formation_cli.cluster.connection").connect(target)
    return cluster


def connect_at_once(ctx: click.Context) -> Cluster:
    """Connect to a cluster that has little time to answer: a shell waits, in which nothing can be typed."""
    target = target_of(ctx)
    return connect(dataclasses.replace(target, request_timeout=target.request_timeout or AT_ONCE))


def _complete_namespace(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the namespaces that begin so; nothing where the cluster doesn't say."""
    try:
        found = connect_at_once(ctx).in_all_namespaces().select(kinds.NAMESPACE).items
    except click.ClickException:
        return []
    return _beginning_so((each["metadata"]["name"] for each in found), incomplete)


def _complete_context(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the contexts of the kubeconfig that begin so."""
    contexts = importlib.import_module("formation_cli.cluster.kubeconfig").contexts
    return _beginning_so(contexts(target_of(ctx)), incomplete)


def _beginning_so(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


CLUSTER_OPTIONS = (
    _option(
        "-n",
        "--namespace",
        hidden=False,
        shell_complete=_complete_namespace,
        help="The namespace, instead of the context's.",
    ),
    _option(
        "--context",
        hidden=False,
        shell_complete=_complete_context,
        help="The context of the kubeconfig, instead of the current one.",
    ),
    _option(
        "--kubeconfig",
        hidden=False,
        type=click.Path(dir_okay=False),
        help="The file, instead of $KUBECONFIG.",
    ),
    _option("--cluster"),
    _option("--user"),
    _option("-s", "--server"),
    _option("--token"),
    _option("--as", "as_user"),
    _option("--as-group", multiple=True),
    _option("--as-uid"),
    _option("--certificate-authority", type=click.Path(exists=True, dir_okay=False)),
    _option("--insecure-skip-tls-verify", is_flag=True, default=None),
    _option("--tls-server-name"),
    _option(
        "--request-timeout", callback=_remember_duration, help="How long a request may take, such as 10s."
    ),
)
"""As kubectl has them; those that are rarely used aren't in the help."""
