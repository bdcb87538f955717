"""What many commands take: kubectl's options for the cluster, the name of a Formation, an output format."""

import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster
from formation_cli.cluster.target import Target
from formation_cli.words.durations import DURATION
from formation_operator.api import naming

R = TypeVar("R")
KINDS = ("formation", "formations", f"formation.{naming.GROUP}", f"{naming.PLURAL}.{naming.GROUP}")
"""What may be in front of a name."""
DAY = 86400.0
AT_ONCE = "5s"
"""How long a request may take while somebody waits for a completion."""


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep what is given, before the command or after it: the later one counts."""
    if value not in (None, ()) and param.name:
        ctx.find_root().ensure_object(dict)[param.name] = value


def _remember_duration(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Keep a duration as kubectl takes it, too; raises `click.BadParameter` if it is none, or too long."""
    if value is not None and DURATION.convert(value, param, ctx) > DAY:
        raise click.BadParameter("it is a day at most", ctx, param)
    _remember(ctx, param, value)


def _option(*names: str, hidden: bool = True, callback: Any = _remember, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=callback, hidden=hidden, **more)


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
    _option("--certificate-authority", type=click.Path(exists=True, dir_okay=False)),
    _option("--insecure-skip-tls-verify", is_flag=True, default=None),
    _option("--tls-server-name"),
    _option(
        "--request-timeout", callback=_remember_duration, help="How long a request may take, such as 10s."
    ),
)
"""As kubectl has them; those that are rarely used aren't in the help."""


class Documented(click.Command):
    """A command that asks no cluster, with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        """Take what any command takes, and what may be typed after ``kubectl formation``."""
        super().__init__(*args, **kwargs)
        self._examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        with formatter.section("Examples"):
            for example in self._examples:
                formatter.write(f"  kubectl formation {example}\n")


class Command(Documented):
    """A command that asks a cluster."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take kubectl's options beside those of the command."""
        super().__init__(*args, **kwargs)
        self.params += CLUSTER_OPTIONS


class Starter(Command):
    """A command that starts another one, which is typed after ``--`` because it has options of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what is typed; say where the ``--`` is missing."""
        whole = [*args]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if "--" in whole:
                raise
            sentence = f"{error.format_message()} If it is the command's, write -- before the command."
            raise click.UsageError(sentence, ctx) from error


class Group(Documented, click.Group):
    """A word that another one follows, with examples in its help."""


def target_of(ctx: click.Context) -> Target:
    """Return which cluster is meant."""
    return Target(**ctx.find_root().ensure_object(dict))


def connect(target: Target) -> Cluster:
    """Connect to a cluster: only now the client is imported, which takes most of the time to start."""
    cluster: Cluster = importlib.import_module("formation_cli.cluster.connection").connect(target)
    return cluster


def _connect_at_once(ctx: click.Context) -> Cluster:
    """Connect to a cluster that has little time to answer: a shell waits, in which nothing can be typed."""
    target = target_of(ctx)
    return connect(dataclasses.replace(target, request_timeout=target.request_timeout or AT_ONCE))


def pass_cluster(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the cluster as its first argument."""

    @click.pass_context
    @functools.wraps(function)
    def with_cluster(ctx: click.Context, *args: Any, **kwargs: Any) -> R:
        return function(connect(target_of(ctx)), *args, **kwargs)

    return with_cluster


def output(
    *formats: str, text: str = "Write it so, for programs.", default: str | None = None
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option -o, with the formats that a command can write."""
    return click.option(
        "-o", "--output", type=click.Choice(formats), help=text, default=default, show_default=bool(default)
    )


def written() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option -o of a command that changes something."""
    return output("json", "yaml", "name", text="Print what was written so, for programs.")


def check_watch(output: str | None, *, watch: bool) -> None:
    """Raise `click.UsageError` if a table that goes on is wanted in another form."""
    if watch and output:
        raise click.UsageError("--watch shows a table: leave out one of --watch and --output.")


def check_image(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return an image; raises `click.BadParameter` for what can't be one."""
    if not value or any(map(str.isspace, value)):
        raise click.BadParameter(f"{value[:100]!r} is no image; try registry.example.com/shop:v1", ctx, param)
    return value


def formation(*, required: bool = True) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the argument that names a Formation."""
    return click.argument(
        "name", required=required, callback=_without_kind, shell_complete=_complete_formation
    )


def _without_kind(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a name as `-o name` writes it without the kind in front."""
    kind, slash, name = (value or "").partition("/")
    return name if slash and kind in KINDS else value


def _complete_formation(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the Formations whose name begins so; nothing where the cluster doesn't say."""
    try:
        found = _connect_at_once(ctx).select(naming.KIND).items
    except click.ClickException:
        return []
    names = (str(each["metadata"]["name"]) for each in found)
    return sorted(name for name in names if name.startswith(incomplete))


def counts() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the arguments that are counts, completed by the types of the Formation."""
    return click.argument(
        "counts", nargs=-1, metavar="[TYPE=N | TYPE+N | TYPE-N]...", shell_complete=_complete_count
    )


def types(text: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the arguments that are process types, which may be options, too: other commands have those."""

    def decorated(function: Callable[..., R]) -> Callable[..., R]:
        @click.argument("types", nargs=-1, metavar="[TYPE]...", shell_complete=complete_type)
        @click.option("-t", "--type", "more", multiple=True, shell_complete=complete_type, help=text)
        @functools.wraps(function)
        def with_types(*args: Any, types: tuple[str, ...], more: tuple[str, ...], **kwargs: Any) -> R:
            return function(*args, types=(*types, *more), **kwargs)

        return with_types

    return decorated


def process_type(text: str, *names: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option --type, which names one process type."""
    return click.option("--type", *names, "process_type", shell_complete=complete_type, help=text)


def dry_run() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option --dry-run."""
    return click.option("--dry-run", is_flag=True, help="Say what would change, as the API server sees it.")


class Wait(NamedTuple):
    """Whether to wait until a change is whole, and for how many seconds at most."""

    wanted: bool
    timeout: float


def wait(
    text: str = "Wait until it runs; end at once if it can't.",
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the options --wait and --timeout, as one `Wait`."""

    def decorated(function: Callable[..., R]) -> Callable[..., R]:
        @click.option("--wait/--no-wait", "wanted", default=False, help=text)
        @click.option(
            "--timeout",
            type=DURATION,
            default="5m",
            show_default=True,
            help="How long to wait, as 90s or 10m.",
        )
        @functools.wraps(function)
        def with_wait(*args: Any, wanted: bool, timeout: float, **kwargs: Any) -> R:
            source = click.get_current_context().get_parameter_source("timeout")
            if source is ParameterSource.COMMANDLINE and not wanted:
                raise click.UsageError("--timeout is how long to wait: add --wait.")
            return function(*args, wait=Wait(wanted, timeout), **kwargs)

        return with_wait

    return decorated


def complete_type(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the types of the Formation on the command line that begin so, but for those that are there."""
    given = ctx.params.get(param.name or "") or ()
    return [each for each in _types(ctx) if each.startswith(incomplete) and each not in given]


def _complete_count(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the types that begin so, as the beginning of a count."""
    return [f"{each}=" for each in _types(ctx) if each.startswith(incomplete)]


def _types(ctx: click.Context) -> list[str]:
    # An option that still lacks its value keeps click from giving the arguments before it their names.
    name = ctx.params.get("name") or next(iter(ctx.args), None)
    try:
        found = _connect_at_once(ctx).get(naming.KIND, name) if name else None
    except click.ClickException:
        return []
    return formations.types(found) if found else []
