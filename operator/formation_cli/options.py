"""What many commands take: the name of a Formation, its types and processes, a wait, an output format."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from formation_cli import cluster_options, failures
from formation_cli.cluster import formations
from formation_cli.cluster_options import CLUSTER_OPTIONS, connect_at_once
from formation_cli.words.durations import DURATION
from formation_operator.api import naming

R = TypeVar("R")
KINDS = ("formation", "formations", f"formation.{naming.GROUP}", f"{naming.PLURAL}.{naming.GROUP}")
"""What may be in front of a name."""
target_of, connect = cluster_options.target_of, cluster_options.connect


class Documented(click.Command):
    """A command that asks no cluster; its docstring ends with examples, without our own name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what any command takes."""
        kwargs["help"], _, examples = inspect.cleandoc(kwargs["help"]).partition("\n\nExamples:\n")
        super().__init__(*args, **kwargs)
        self._examples = inspect.cleandoc(examples).splitlines()

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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what is typed; a bare ``--dry-run`` doesn't take the next word for its value."""
        end = args.index("--") if "--" in args else len(args)
        own = ["--dry-run=server" if each == "--dry-run" else each for each in args[:end]]
        return super().parse_args(ctx, own + args[end:])


class Starter(Command):
    """A command that starts another one, which is typed after ``--`` because it has options of its own.

    It ends with the exit code of that one, and with codes of its own where something else fails.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read what is typed."""
        with failures.told_apart():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        with failures.told_apart():
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what is typed; say where the ``--`` is missing, and what is in front of it by mistake."""
        behind = args[args.index("--") + 1 :] if "--" in args else None
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if behind is not None:
                raise
            sentence = f"{error.format_message()} If it is the command's, write -- before the command."
            raise click.UsageError(sentence, ctx) from error
        words = ctx.params["words"]
        if behind is not None and len(words) > len(behind):
            sentence = f"{words[0]!r} is before --: name a type with --type, and put the command after --."
            raise click.UsageError(sentence, ctx)
        return rest


class Group(Documented, click.Group):
    """A word that another one follows, with examples in its help."""


def pass_cluster(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the cluster as its first argument."""

    @click.pass_context
    @functools.wraps(function)
    def with_cluster(ctx: click.Context, *args: Any, **kwargs: Any) -> R:
        return function(connect(target_of(ctx)), *args, **kwargs)

    return with_cluster


def output(
    *formats: str, text: str = "Print it in this format, for programs.", default: str | None = None
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option -o, with the formats that a command can write."""
    return click.option(
        "-o", "--output", type=click.Choice(formats), help=text, default=default, show_default=bool(default)
    )


def check_watch(output: str | None, *, watch: bool) -> None:
    """Raise `click.UsageError` if a table that goes on is wanted in another form."""
    if watch and output:
        raise click.UsageError("--watch shows a table: leave out one of --watch and --output.")


def check_image(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return an image, if one is named; raises `click.BadParameter` for what can't be one."""
    if value is None:
        return None
    if not value or value.startswith("-") or any(map(str.isspace, value)):
        raise click.BadParameter(
            f"{value[:100]!r} isn't an image; try registry.example.com/shop:v1", ctx, param
        )
    return value


def formation(*, required: bool = True) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the argument that names a Formation."""
    return click.argument(
        "name", required=required, callback=_without_kind, shell_complete=_complete_formation
    )


def _without_kind(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a name as `-o name` writes it without the kind in front; a shell's empty variable is none."""
    kind, slash, name = (value or "").partition("/")
    found = name if slash and kind in KINDS else value
    if found is not None and not found.strip():
        raise click.BadParameter("it names no Formation", ctx, param)
    return found


def _complete_formation(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the Formations whose name begins so; nothing where the cluster doesn't say."""
    try:
        found = connect_at_once(ctx).select(naming.KIND).items
    except click.ClickException:
        return []
    names = (str(each["metadata"]["name"]) for each in found)
    return sorted(name for name in names if name.startswith(incomplete))


def counts() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the arguments that are counts, completed by the types of the Formation."""
    return click.argument(
        "counts", nargs=-1, metavar="[TYPE=N | TYPE+N | TYPE-N]...", shell_complete=_complete_count
    )


def types(
    text: str, metavar: str = "[TYPE]...", *, everything: bool = False
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the arguments that are process types, which may be options, too: other commands have those.

    If it may be ``everything`` that is shown of a Formation, that is completed.
    """
    complete = complete_any if everything else complete_type

    def decorated(function: Callable[..., R]) -> Callable[..., R]:
        @click.argument("types", nargs=-1, metavar=metavar, shell_complete=complete)
        @click.option("--type", "more", multiple=True, shell_complete=complete, help=text)
        @functools.wraps(function)
        def with_types(*args: Any, types: tuple[str, ...], more: tuple[str, ...], **kwargs: Any) -> R:
            return function(*args, types=(*types, *more), **kwargs)

        return with_types

    return decorated


def word(
    name: str, option: str, text: str, *, required: bool = False, **more: Any
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return an argument behind the name, which may be an option instead."""

    def decorated(function: Callable[..., R]) -> Callable[..., R]:
        @click.argument(name, required=False, **more)
        @click.option(option, "named", help=text, **more)
        @functools.wraps(function)
        def with_word(*args: Any, named: str | None, **kwargs: Any) -> R:
            given = [each for each in (kwargs.pop(name), named) if each is not None]
            if len(given) > 1 or (required and not given):
                which = "only one of " if given else ""
                raise click.UsageError(f"Type {which}the {name} behind NAME, or {option}.")
            return function(*args, **{name: next(iter(given), None)}, **kwargs)

        return with_word

    return decorated


def process_type(text: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option --type, which names one process type."""
    return click.option("--type", "process_type", shell_complete=complete_type, help=text)


def process() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option --process, which names one process."""
    text = "This process, with its name in `ps` or `logs`."
    return click.option("--process", shell_complete=complete_process, help=text)


def dry_run() -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the option --dry-run, with kubectl's values: whichever is meant, the API server is asked."""
    return click.option(
        "--dry-run",
        type=click.Choice(["none", "server", "client"]),
        default="none",
        callback=lambda *given: given[-1] != "none",
        help="Change nothing, and say what would change. Without a value it means server; client also "
        "asks the server.",
    )


class How(NamedTuple):
    """How a change is made: whether it is only tried, waited for and for how long, and how it is printed."""

    dry_run: bool
    wait: bool
    timeout: float
    output: str | None

    @property
    def waits(self) -> bool:
        """Whether there is something to wait for."""
        return self.wait and not self.dry_run

    def said(self, sentence: str) -> str:
        """Return what was done, or would be."""
        return f"{sentence} (dry run)" if self.dry_run else sentence


def change(
    wait: str = "Wait until it runs; end at once if it can't.",
    written: str = "Print what was written in this format, for programs.",
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the options of a command that changes something, as one `How`; it gets the cluster, too."""

    def decorated(function: Callable[..., R]) -> Callable[..., R]:
        @dry_run()
        @click.option("--wait", "waits", is_flag=True, help=wait)
        @click.option(
            "--timeout",
            type=DURATION,
            default="5m",
            show_default=True,
            help="How long to wait, such as 90s or 10m.",
        )
        @output("json", "yaml", "name", text=written)
        @pass_cluster
        @functools.wraps(function)
        def with_how(
            *args: Any, dry_run: bool, waits: bool, timeout: float, output: str | None, **kwargs: Any
        ) -> R:
            source = click.get_current_context().get_parameter_source("timeout")
            if source is ParameterSource.COMMANDLINE and not waits:
                raise click.UsageError("--timeout is how long to wait: add --wait.")
            return function(*args, how=How(dry_run, waits, timeout, output), **kwargs)

        return with_how

    return decorated


def complete_type(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the types of the Formation on the command line that begin so, but for those that are there."""
    return _completed(ctx, param, incomplete, _names(ctx, formations.types))


def complete_any(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the types and schedules that begin so, and what else is shown of a Formation by a name."""
    return _completed(ctx, param, incomplete, _names(ctx, formations.everything))


def complete_key(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the plain variables that begin so: a key that is pressed reads no Secret."""
    found = _names(ctx, lambda found: [each["name"] for each in found["spec"].get("env") or ()])
    return _completed(ctx, param, incomplete, found)


def complete_schedule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the schedules of the Formation on the command line that begin so."""
    return _completed(ctx, param, incomplete, _names(ctx, formations.schedules))


def _completed(
    ctx: click.Context, param: click.Parameter, incomplete: str, known: Iterable[str]
) -> list[str]:
    given = ctx.params.get(param.name or "") or ()
    return [each for each in known if each.startswith(incomplete) and each not in given]


def _complete_count(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the types that begin so, as the beginning of a count."""
    return [f"{each}=" for each in _names(ctx, formations.types) if each.startswith(incomplete)]


def complete_process(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the processes of the Formation on the command line that begin so."""
    return [each for each in processes_of(ctx) if each.startswith(incomplete)]


def processes_of(ctx: click.Context, chosen: Callable[[Any], bool] = lambda _: True) -> list[str]:
    """Return the processes of the Formation on a command line that haven't ended and that are chosen."""
    labels = f"{naming.FORMATION_LABEL}={name_of(ctx)}"
    try:
        found = connect_at_once(ctx).select("Pod", labels=labels).items
    except click.ClickException:
        return []
    goes_on = (
        each for each in found if (each.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    )
    return sorted(str(each["metadata"]["name"]) for each in goes_on if chosen(each))


def name_of(ctx: click.Context) -> str:
    """Return the Formation on a command line that is being completed, or nothing."""
    # An option that still lacks its value keeps click from giving the arguments before it their names.
    return str(ctx.params.get("name") or next(iter(ctx.args), ""))


def _names(ctx: click.Context, of: Callable[[Any], list[str]]) -> list[str]:
    name = name_of(ctx)
    try:
        found = connect_at_once(ctx).get(naming.KIND, name) if name else None
    except click.ClickException:
        return []
    return of(found) if found else []
