"""Where the scripts begin: what isn't installed is named, instead of the module that is missing."""

import importlib
import sys

INSTALL = "pipx install --force '.[cli]'"
"""By its place, not its name: a package index may have a stranger's by that name."""


def plugin() -> None:
    """Run ``kubectl-formation``."""
    _run("formation_cli.__main__")


def completion() -> None:
    """Run ``kubectl_complete-formation``, which kubectl asks for completions."""
    _run("formation_cli.completion")


def _run(module: str) -> None:
    try:
        main = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        sys.exit(f"kubectl formation lacks {error.name}: in a checkout: {INSTALL}")
    main()
