"""The program as a whole: finds commands by the table, so that only the one that is typed is imported."""

import importlib
from typing import Any

import click
from click.shell_completion import CompletionItem

from formation_cli.cluster_options import CLUSTER_OPTIONS
from formation_cli.command_table import ENTRIES, SECTIONS
from formation_cli.failures import INTERRUPTED, MEANINGS, OTHERS
from formation_operator import __version__

INSTEAD = {
    **dict.fromkeys(("status", "list", "get", "describe"), "kubectl formation ps"),
    "wait": "kubectl wait formation/NAME --for=condition=Ready, or --wait of the command that changes it",
}
"""What does what others call by these names."""


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
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is typed; for a typo, name the one that was meant."""
        name = args[0]
        if name not in ENTRIES and not name.startswith("-") and not ctx.resilient_parsing:
            message = f"No such command {name!r}. Try: {INSTEAD[name]}" if name in INSTEAD else None
            raise click.NoSuchCommand(name, message, possibilities=() if message else ENTRIES, ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C ends what follows or waits, and is no error to talk about."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, without importing any."""
        width = max(map(len, ENTRIES))
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), entry.summary) for name, entry in entries.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what scripts may rely on."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in MEANINGS.items()])
            formatter.write_paragraph()
            formatter.write_text(OTHERS)

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
    help="""Run the processes of a twelve-factor app: look, scale, deploy, and see why one is down.

    NAME is a Formation in the current namespace; `COMMAND --help` has examples. kubectl can do
    all of it; its options for the cluster may come before or after the command.
    """,
)
click.version_option(__version__, message="kubectl formation %(version)s")(program)
