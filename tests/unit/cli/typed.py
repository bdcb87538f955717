"""The plugin's commands, as they are typed."""

from click.testing import CliRunner, Result

from formation_cli.program import program


def run(words: str, code: int = 0, stdin: str | None = None) -> Result:
    """Run a command, and check its exit code."""
    result = CliRunner().invoke(program, words.split(), prog_name="kubectl formation", input=stdin)
    assert result.exit_code == code, result.output
    return result
