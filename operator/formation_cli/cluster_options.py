"""kubectl's options for the cluster, the connection that they lead to, and what a shell completes by it."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import click

from formation_cli.cluster import formations, kinds, kubectl
from formation_cli.cluster.port import Cluster, Target
from formation_cli.objects import Object
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

AT_ONCE = 5.0
"""Seconds that a request may take while somebody waits for a completion."""
OVER = ("Succeeded", "Failed")
"""The phases of a Pod that has ended."""
Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Keep what is given, before the command or after it: the later one counts."""
    if value is not None and param.name:
        ctx.find_root().ensure_object(dict)[param.name] = value


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


def completer(known: Callable[[click.Context], Iterable[str]]) -> Completer:
    """Return what completes words that are ``known``, but for those on the command line already.

    There are none where the cluster doesn't say.
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        given = ctx.params.get(param.name or "") or ()
        try:
            return [each for each in known(ctx) if each.startswith(incomplete) and each not in given]
        except click.ClickException:
            return []

    return complete


def of_formation(known: Callable[[Object], list[str]]) -> Completer:
    """Return what completes words that the Formation on the command line has."""

    def of_that(ctx: click.Context) -> list[str]:
        name = name_of(ctx)
        found = connect_at_once(ctx).get(naming.KIND, name) if name else None
        return known(found) if found else []

    return completer(of_that)


def name_of(ctx: click.Context) -> str:
    """Return the Formation on a command line that is being completed, or nothing."""
    # An option that still lacks its value keeps click from giving the arguments before it their names.
    return str(ctx.params.get("name") or next(iter(ctx.args), ""))


def processes(chosen: Callable[[Object], bool] = bool) -> Completer:
    """Return what completes the processes of the Formation that haven't ended, and that are chosen."""

    def of_that(ctx: click.Context) -> list[str]:
        labels = f"{naming.FORMATION_LABEL}={name_of(ctx)}"
        found = connect_at_once(ctx).select(kinds.POD, labels=labels).items
        there = (each for each in found if lenient.mapping(each, "status").get("phase") not in OVER)
        return sorted(each["metadata"]["name"] for each in there if chosen(each))

    return completer(of_that)


def _revisions(ctx: click.Context) -> list[str]:
    """Return the numbers of a Formation's revisions, the newest first."""
    labels = f"{naming.FORMATION_LABEL}={name_of(ctx)}"
    found = connect_at_once(ctx).select(kinds.CONTROLLER_REVISION, labels=labels).items
    numbers = {lenient.number(each, "revision") for each in found} - {0}
    return [*map(str, sorted(numbers, reverse=True))]


def _formations(ctx: click.Context) -> list[str]:
    return formations.names(connect_at_once(ctx))


def _namespaces(ctx: click.Context) -> list[str]:
    found = connect_at_once(ctx).in_all_namespaces().select(kinds.NAMESPACE).items
    return sorted(each["metadata"]["name"] for each in found)


def _contexts(ctx: click.Context) -> list[str]:
    return sorted(kubectl.config(target_of(ctx), "get-contexts", "--output=name").stdout.split())


def _counts(formation: Object) -> list[str]:
    """Return the beginnings of counts."""
    return [f"{each}=" for each in formations.types(formation)]


FORMATION, PROCESS, REVISION = completer(_formations), processes(), completer(_revisions)
TYPE, SCHEDULE = of_formation(formations.types), of_formation(formations.schedules)
ANYTHING = of_formation(formations.everything)
"""Types and schedules, and what else is shown of a Formation by a name."""
COUNT = of_formation(_counts)


def _option(*names: str, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **more)


NAMESPACE_HELP = "Use this namespace, not the context's."
CONTEXT_HELP = "Use this context of the kubeconfig, not the current one."
CLUSTER_OPTIONS = (
    _option("-n", "--namespace", shell_complete=completer(_namespaces), help=NAMESPACE_HELP),
    _option("--context", shell_complete=completer(_contexts), help=CONTEXT_HELP),
    _option("--kubeconfig", type=click.Path(dir_okay=False), help="Use this kubeconfig, not $KUBECONFIG."),
    _option("--as", "as_user", hidden=True),
)
"""As kubectl has them. What else it has for a connection belongs into a kubeconfig."""
