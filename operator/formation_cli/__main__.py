"""Start the plugin: ``kubectl formation``, ``kubectl-formation`` or ``python -m formation_cli``."""

import io
import os
import sys

from formation_cli import failures
from formation_cli.program import program

COMPLETION = "_KUBECTL_FORMATION_COMPLETE"
"""The variable by which a shell asks for completions; it completes the plugin by its own name."""


def main() -> None:
    """Run the command that is typed, and end with its exit code."""
    name = "kubectl-formation" if COMPLETION in os.environ else "kubectl formation"
    failures.end_when_asked()  # or the client's files with the kubeconfig's keys would be left behind
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: not every locale has all letters
    colour = False if os.environ.get("NO_COLOR") else None
    program.main(prog_name=name, complete_var=COMPLETION, color=colour)


if __name__ == "__main__":
    main()
