"""The program as a whole: finds commands by the table, so that only the one that is typed is imported."""

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import click
from click.shell_completion import CompletionItem

from formation_cli.cluster_options import CLUSTER_OPTIONS
from formation_cli.command_table import ENTRIES, SECTIONS
from formation_cli.failures import BROKEN_PIPE, INTERRUPTED, Failure
from formation_operator import __version__

INSTEAD = {
    word: instead
    for words, instead in {
        ("status", "list", "get", "describe", "info", "apps"): "kubectl formation ps",
        ("delete", "destroy", "rm"): "kubectl delete formation NAME",
        ("apply", "create", "edit"): "kubectl apply -f FILE; kubectl formation init makes one",
        ("stats",): "kubectl formation top NAME",
        ("releases", "revisions"): "kubectl formation history NAME",
        ("ssh", "shell", "sh", "bash", "console"): "kubectl formation exec NAME -- /bin/sh, or run",
        ("attach", "tail", "log"): "kubectl formation logs NAME -f",
        ("env", "secrets", "variables", "config:list"): "kubectl formation config NAME",
        ("set", "unset"): "kubectl formation config set NAME KEY=VALUE, or config unset NAME KEY",
        ("logs:tail",): "kubectl formation logs NAME -f",
        ("run:detached",): "kubectl formation run NAME --detach -- COMMAND",
        ("open", "url"): "kubectl formation port-forward NAME",
        ("completion",): "source <(kubectl completion bash), which completes this command, too",
        ("migrate",): "kubectl formation release NAME, or run NAME -- COMMAND",
        ("ps:scale", "dyno:scale"): "kubectl formation scale NAME TYPE=N",
        ("undo",): "kubectl formation rollback NAME",
        ("update", "image"): "kubectl formation deploy NAME IMAGE",
        ("kill",): "kubectl formation stop NAME --process PROCESS",
    }.items()
    for word in words
}
"""What does what others call by these names."""


@contextlib.contextmanager
def _ended(ctx: click.Context) -> Iterator[None]:
    """End as a person expects after Ctrl-C, which is no error to talk about, and where nobody reads on."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):  # the second is Ctrl-C at a question, or a no
        ctx.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # Python writes the rest at its end
        if error.errno == errno.EPIPE:
            ctx.exit(BROKEN_PIPE)
        raise Failure("The output can't be written: no space is left.") from error


class Program(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*ENTRIES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = ENTRIES.get(cmd_name)
        if entry is None:
            return None
        module, _, variable = entry.place.partition(":")
        command = getattr(importlib.import_module(f"formation_cli.commands.{module}"), variable)
        return command if isinstance(command, click.Command) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what is typed, `help COMMAND` as `COMMAND --help`: kubectl and Heroku have both."""
        with _ended(ctx):
            return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is typed; for a typo, name the one that was meant."""
        name, words = args[0], args[0].replace(":", " ")  # Heroku writes config:set
        if name not in ENTRIES and not name.startswith("-") and not ctx.resilient_parsing:
            herokus = f"kubectl formation {words}" if name.partition(":")[0] in ENTRIES else ""
            instead = INSTEAD.get(name, herokus)
            message = f"No such command {name!r}. Try: {instead}" if instead else None
            raise click.NoSuchCommand(name, message, possibilities=() if message else ENTRIES, ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _ended(ctx):
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, without importing any."""
        width = max(map(len, ENTRIES))
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), entry.summary) for name, entry in entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, without importing any; or the options."""
        found = [
            CompletionItem(name, help=entry.summary)
            for name, entry in ENTRIES.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


program = Program(
    name="formation",
    params=[*CLUSTER_OPTIONS],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""Run the processes of a twelve-factor app: list, scale and deploy them, and see why one is down.

    NAME is a Formation in the current namespace. `COMMAND --help` shows examples. You can write kubectl's
    options for the cluster anywhere after `formation`. kubectl can do everything that this plugin does. If
    kubectl's completion is set up in your shell, Tab completes the plugin's commands, too.
    """,
)
click.version_option(__version__, message="kubectl formation %(version)s")(program)
