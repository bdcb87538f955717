"""Where the scripts begin: what isn't installed is named, instead of the module that is missing."""

import importlib
import sys

EXTRA = "cli"


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
        way_out = f"pip install 'formation-operator[{EXTRA}]'"
        sys.exit(f"{error.name} isn't installed, which kubectl formation needs: {way_out}")
    main()
