"""The plugin's commands, as they are typed."""

import shlex
from unittest import mock

from click.testing import CliRunner, Result

from formation_cli import options
from formation_cli.cluster.port import Cluster
from formation_cli.program import program


def typed(*words: str, stdin: str | None = None) -> Result:
    """Run a command, whatever comes of it."""
    return CliRunner().invoke(program, words, prog_name="kubectl formation", input=stdin)


def run(words: str, code: int = 0, stdin: str | None = None) -> Result:
    """Run a command that is typed in a shell, and check its exit code."""
    result = typed(*shlex.split(words), stdin=stdin)
    assert result.exit_code == code, result.output
    return result


def cells(output: str) -> list[list[str]]:
    """Return the rows of a table, its header first."""
    return [[cell.strip() for cell in line.split("   ") if cell] for line in output.splitlines()]


def on(cluster: Cluster, words: str, code: int = 0) -> Result:
    """Run a command on a cluster, and check its exit code."""
    with mock.patch.object(options, "connect", return_value=cluster):
        return run(words, code)
