"""What many commands take: the name of a Formation, its types and processes, a wait, an output format."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from formation_cli import cluster_options, failures, rights
from formation_cli.cluster.port import Cluster, Object
from formation_cli.cluster_options import CLUSTER_OPTIONS, connect, target_of
from formation_cli.words.values import DURATION
from formation_operator.api import naming
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.deploys import LONGEST_NOTE

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]
KINDS = ("fm", "formation", "formations", f"formation.{naming.GROUP}", f"{naming.PLURAL}.{naming.GROUP}")
"""What may be in front of a name."""


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


def cluster_of(ctx: click.Context) -> Cluster:
    """Connect to the cluster that is meant."""
    return connect(target_of(ctx))


def pass_cluster(function: Function) -> Function:
    """Give a command the cluster as its first argument."""

    @click.pass_context
    @functools.wraps(function)
    def with_cluster(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        return function(cluster_of(ctx), *args, **kwargs)

    return with_cluster


def output(
    *formats: str, text: str = "Print the result in this format, for programs.", default: str | None = None
) -> Decorator:
    """Return the option -o, with the formats that a command can write."""
    kind = click.Choice(formats)
    return click.option("-o", "--output", type=kind, help=text, default=default, show_default=bool(default))


def check_image(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return an image, if one is named; raises `click.BadParameter` for what can't be one."""
    if value is not None and (not value or value.startswith("-") or any(map(str.isspace, value))):
        sentence = f"{value[:100]!r} isn't an image; try registry.example.com/shop:v1"
        raise click.BadParameter(sentence, ctx, param)
    return value


def check_note(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return a note as a log keeps it; raises `click.BadParameter` for one that it would change."""
    if value != lenient.shown(value, LONGEST_NOTE):
        sentence = f"a note is one line of at most {LONGEST_NOTE} bytes, without control characters"
        raise click.BadParameter(sentence, ctx, param)
    return value


def formation(*, required: bool = True) -> Decorator:
    """Return the argument that names a Formation."""
    complete = cluster_options.FORMATION
    return click.argument("name", required=required, callback=_without_kind, shell_complete=complete)


def _without_kind(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a name as `-o name` writes it without the kind in front; a shell's empty variable is none."""
    kind, slash, name = (value or "").partition("/")
    found = name if slash and kind in KINDS else value
    if found is not None and not found.strip():
        raise click.BadParameter("it names no Formation", ctx, param)
    return found


def filename(text: str = "The manifest, or - for stdin.", default: str | None = None) -> Decorator:
    """Return the option -f, which names a manifest."""
    kind = click.Path(allow_dash=True)
    return click.option("-f", "--filename", type=kind, help=text, default=default, show_default=bool(default))


def types(text: str, metavar: str = "[TYPE]...", *, everything: bool = False) -> Decorator:
    """Return the arguments that are process types, which may be options, too: other commands have those.

    If it may be ``everything`` that is shown of a Formation, that is completed.
    """
    complete = cluster_options.ANYTHING if everything else cluster_options.TYPE

    def decorated(function: Function) -> Function:
        @click.argument("types", nargs=-1, metavar=metavar, shell_complete=complete)
        @click.option("--type", "more", multiple=True, shell_complete=complete, help=text)
        @functools.wraps(function)
        def with_types(*args: Any, types: tuple[str, ...], more: tuple[str, ...], **kwargs: Any) -> Any:
            return function(*args, types=(*types, *more), **kwargs)

        return with_types

    return decorated


def word(name: str, option: str, text: str, *, required: bool = False, **more: Any) -> Decorator:
    """Return an argument behind the name, which may be an option instead."""

    def decorated(function: Function) -> Function:
        @click.argument(name, required=False, **more)
        @click.option(option, "named", help=text, **more)
        @functools.wraps(function)
        def with_word(*args: Any, named: str | None, **kwargs: Any) -> Any:
            given = [each for each in (kwargs.pop(name), named) if each is not None]
            if len(given) > 1 or (required and not given):
                which = "only one of " if given else ""
                raise click.UsageError(f"Type {which}the {name} behind NAME, or {option}.")
            return function(*args, **{name: next(iter(given), None)}, **kwargs)

        return with_word

    return decorated


def revision(option: str) -> Decorator:
    """Return the argument that names a revision, which may be an option instead."""
    complete = cluster_options.REVISION
    return word("revision", option, "The same as REVISION.", metavar="[REVISION]", shell_complete=complete)


def process_type(text: str) -> Decorator:
    """Return the option --type, which names one process type."""
    return click.option("--type", "process_type", shell_complete=cluster_options.TYPE, help=text)


def process() -> Decorator:
    """Return the option --process, which names one process."""
    text = "A process, by its name in `ps` or `logs`."
    return click.option("--process", shell_complete=cluster_options.PROCESS, help=text)


def _check_names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the processes that are named; raises `click.BadParameter` where a shell's variable was empty.

    Unquoted, it leaves the option with the word behind it.
    """
    for each in value:
        if not each.strip() or each.startswith("-"):
            sentence = f"{each!r} names no process: `ps NAME` lists them. Nothing was changed."
            raise click.BadParameter(sentence, ctx, param)
    return value


def processes(text: str, chosen: Callable[[Object], bool]) -> Decorator:
    """Return the option --process, which names some of the processes that may be ``chosen``."""
    return click.option(
        "--process",
        "processes",
        multiple=True,
        metavar="PROCESS",
        callback=_check_names,
        shell_complete=cluster_options.processes(chosen),
        help=f"{text} Can be repeated.",
    )


def timeout(text: str) -> Decorator:
    """Return the option --timeout of a wait."""
    return click.option("--timeout", type=DURATION, default="5m", show_default=True, help=text)


def path_of(ctx: click.Context) -> str:
    """Return the words by which a command is typed, such as ``config set``."""
    return ctx.command_path.removeprefix(ctx.find_root().command_path).strip()


def dry_run() -> Decorator:
    """Return the option --dry-run, with kubectl's values: whichever is meant, the API server is asked."""
    return click.option(
        "--dry-run",
        type=click.Choice(["none", "server", "client"]),
        default="none",
        callback=lambda *given: given[-1] != "none",
        help="Print what would change, checked by the API server. --dry-run without a value means "
        "server. client does the same as server.",
    )


class How(NamedTuple):
    """How a change is made: whether it is only tried, waited for and for how long, and how it is printed."""

    dry_run: bool
    wait: bool
    timeout: float
    output: str | None
    back: bool = False
    """Whether it is taken back if the wait fails."""
    until_ended: bool = False
    """Whether the wait is also for the end of the processes before."""

    @property
    def waits(self) -> bool:
        """Whether there is something to wait for."""
        return self.wait and not self.dry_run

    def said(self, sentence: str) -> str:
        """Return what was done, or would be."""
        return f"{sentence} (dry run)" if self.dry_run else sentence


def change(
    wait: str = "Wait until the processes are ready. Exit at once, with the reason, if that fails.",
    written: str = "Print the changed object in this format, for programs.",
    *,
    checks: bool = True,
    deploys: bool = False,
) -> Decorator:
    """Return the options of a command that changes something, as one `How`; it gets the cluster, too.

    What it ``deploys`` can be taken back.

    If it waits, rights are checked first, unless the command does that when it knows what it changes.
    """
    text = "If --wait fails, go back to the newest revision that ran well, and wait again."
    ends = "Wait also until the old processes have ended, such as before a migration that they can't stand."
    ended = click.option("--until-ended", "ended", is_flag=True, help=ends)
    taken_back = click.option("--rollback-on-failure", "back", is_flag=True, help=text)

    def decorated(function: Function) -> Function:
        @dry_run()
        @click.option("--wait", "waits", is_flag=True, help=wait)
        @timeout("How long --wait waits, such as 90s or 10m.")
        @output("json", "yaml", "name", text=written)
        @pass_cluster
        @functools.wraps(function)
        def with_how(
            cluster: Cluster, *, dry_run: bool, waits: bool, timeout: float, output: str | None, **kwargs: Any
        ) -> Any:
            ctx = click.get_current_context()
            source = ctx.get_parameter_source("timeout")
            if source is ParameterSource.COMMANDLINE and not waits:
                raise click.UsageError("--timeout is how long to wait: add --wait.")
            back, until_ended = kwargs.pop("back", False), kwargs.pop("ended", False)
            if (back or until_ended) and not waits:
                option = "--rollback-on-failure" if back else "--until-ended"
                raise click.UsageError(f"{option} needs a wait: add --wait.")
            how = How(dry_run, waits, timeout, output, back, until_ended)
            if how.waits and checks:
                typed = {**ctx.params, "wait": True, "rollback_on_failure": back}
                rights.check(cluster, path_of(ctx), typed, {rights.FORMATION: [kwargs["name"]]})
            return function(cluster, how=how, **kwargs)

        return taken_back(ended(with_how)) if deploys else with_how

    return decorated
