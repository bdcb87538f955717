"""What many commands take: kubectl's options for the cluster, the name of a Formation, an output format."""

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from formation_cli.cluster.port import Cluster
from formation_cli.cluster.target import Target
from formation_operator.api import naming

R = TypeVar("R")


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep what is given, before the command or after it: the later one counts."""
    if value not in (None, ()) and param.name:
        ctx.find_root().ensure_object(dict)[param.name] = value


def _option(*names: str, hidden: bool = True, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, hidden=hidden, **more)


CLUSTER_OPTIONS = (
    _option("-n", "--namespace", hidden=False, help="The namespace, in place of the context's."),
    _option("--context", hidden=False, help="The context of the kubeconfig, in place of the current one."),
    _option(
        "--kubeconfig",
        hidden=False,
        type=click.Path(dir_okay=False),
        help="The file, in place of $KUBECONFIG.",
    ),
    _option("--cluster"),
    _option("--user"),
    _option("-s", "--server"),
    _option("--token"),
    _option("--as", "as_user"),
    _option("--as-group", multiple=True),
    _option("--as-uid"),
    _option("--certificate-authority", type=click.Path(dir_okay=False)),
    _option("--insecure-skip-tls-verify", is_flag=True, default=None),
    _option("--tls-server-name"),
    _option("--request-timeout", help="How long a request may take, such as 10s."),
)
"""As kubectl has them; those that are rarely used aren't in the help."""


class Command(click.Command):
    """A command that asks a cluster, with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        """Take what any command takes, and what may be typed after ``kubectl formation``."""
        super().__init__(*args, **kwargs)
        self.params += CLUSTER_OPTIONS
        self._examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        with formatter.section("Examples"):
            for example in self._examples:
                formatter.write(f"  kubectl formation {example}\n")


def target_of(ctx: click.Context) -> Target:
    """Return which cluster is meant."""
    return Target(**ctx.find_root().ensure_object(dict))


def connect(target: Target) -> Cluster:
    """Connect to a cluster: only now the client is imported, which takes most of the time to start."""
    cluster: Cluster = importlib.import_module("formation_cli.cluster.connection").connect(target)
    return cluster


def pass_cluster(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the cluster as its first argument."""

    @click.pass_context
    @functools.wraps(function)
    def with_cluster(ctx: click.Context, *args: Any, **kwargs: Any) -> R:
        return function(connect(target_of(ctx)), *args, **kwargs)

    return with_cluster


def output(*formats: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option -o, with the formats that a command can write."""
    return click.option("-o", "--output", type=click.Choice(formats), help="For programs.")


def formation(*, required: bool = True) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the argument that names a Formation."""
    return click.argument("name", required=required, shell_complete=_complete_formation)


def _complete_formation(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the Formations whose name begins so; nothing where the cluster doesn't say."""
    try:
        found = connect(target_of(ctx)).select(naming.KIND).items
    except click.ClickException:
        return []
    names = (str(each["metadata"]["name"]) for each in found)
    return sorted(name for name in names if name.startswith(incomplete))
