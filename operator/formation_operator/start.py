"""Where the script begins: what isn't installed is named, instead of the module that is missing."""

import importlib
import sys

INSTALL = "pip install '.[operator]'"
"""By its place, not its name: a package index may have a stranger's by that name."""


def main() -> None:
    """Run ``formation-operator``."""
    try:
        run = importlib.import_module("formation_operator.__main__").main
    except ModuleNotFoundError as error:
        sys.exit(f"the operator lacks {error.name}: in a checkout: {INSTALL}")
    run()
