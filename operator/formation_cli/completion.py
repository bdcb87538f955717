"""Answer kubectl, which completes ``kubectl formation`` by what ``kubectl_complete-formation`` prints.

It gives the words that were typed after ``formation``, the last one being the beginning of what is wanted.
The answer is a line for each possibility, with what it means after a tab, and a last line with a directive.
Source: https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/ and
https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
"""

import sys

import click
from click.shell_completion import CompletionItem, ShellComplete

from formation_cli.program import program

NO_FILES = 4
"""The directive by which a shell doesn't offer its files where nothing else is possible."""
NO_SPACE = 2
"""The directive by which it leaves the cursor behind what it has completed."""


def main() -> None:
    """Print what the words on the command line may be completed to."""
    *words, beginning = sys.argv[1:] or [""]
    for line in answer(words, beginning):
        click.echo(line)


def answer(words: list[str], beginning: str) -> list[str]:
    """Return the lines that kubectl reads."""
    items = ShellComplete(program, {}, "kubectl formation", "").get_completions(words, beginning)
    files = any(item.type in ("file", "dir") for item in items)
    plain = [item for item in items if item.type == "plain"]
    unfinished = any(str(item.value).endswith("=") for item in plain)
    directive = (0 if files else NO_FILES) | (NO_SPACE if unfinished else 0)
    return [*map(_line, plain), f":{directive}"]


def _line(item: CompletionItem) -> str:
    return f"{item.value}\t{item.help}" if item.help else str(item.value)
