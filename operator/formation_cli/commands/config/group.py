"""``config``, which shows the variables of a Formation, and the words that follow it."""

import difflib
from typing import Any

import click
from click.shell_completion import CompletionItem

from formation_cli import options
from formation_cli.cluster_options import CLUSTER_OPTIONS
from formation_cli.commands.config import prune, setting, show
from formation_cli.failures import Mistyped


class Config(options.Group):
    """A group of commands that shows a Formation where the first word is none of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take kubectl's options, and leave those of `show` to it."""
        super().__init__(*args, context_settings={"ignore_unknown_options": True}, **kwargs)
        self.params += CLUSTER_OPTIONS

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is typed, or `show`; raises `Mistyped` for what can be neither."""
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if not args[0].startswith("-") and len(args) > 1 and not args[1].startswith("-"):
            word = "set" if any("=" in each for each in args) else "get"
            close = difflib.get_close_matches(args[0], self.commands, cutoff=0.8)
            meant = [*(each for each in args if each in self.commands), *close, word]
            hint = f"kubectl formation config {meant[0]} NAME ..."
            raise Mistyped(f"{args[0][:100]} isn't a command of config.", hint=hint)
        return show.command.name, show.command, args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and the Formations that begin so."""
        name = next(each for each in show.command.params if each.name == "name")
        return [*super().shell_complete(ctx, incomplete), *name.shell_complete(ctx, incomplete)]


@click.group("config", cls=Config, subcommand_metavar="NAME | COMMAND NAME [ARGS]...")
def command() -> None:
    """Show, set and unset the variables that all types of a Formation get.

    Plain ones are in spec.env. Secret ones are in a Secret that spec.envFrom names; each change makes a new
    one, so it is a deploy. Leave env and envFrom out of a manifest that you apply again.

    Examples:
      config shop
      config shop --show
      config get shop LOG_LEVEL
      config set shop LOG_LEVEL=debug --wait
      config set shop --secret DATABASE_URL
      config unset shop LOG_LEVEL
    """


for word in (show.command, show.get, setting.command, setting.unset, prune.command):
    command.add_command(word)
