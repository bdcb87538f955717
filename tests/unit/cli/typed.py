"""The plugin's commands, as they are typed."""

from click.testing import CliRunner, Result

from formation_cli.program import program


def typed(*words: str, stdin: str | None = None) -> Result:
    """Run a command, whatever comes of it."""
    return CliRunner().invoke(program, words, prog_name="kubectl formation", input=stdin)


def run(words: str, code: int = 0, stdin: str | None = None) -> Result:
    """Run a command, and check its exit code."""
    result = typed(*words.split(), stdin=stdin)
    assert result.exit_code == code, result.output
    return result
