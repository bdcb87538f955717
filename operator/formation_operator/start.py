"""Where the script begins: what isn't installed is named, instead of the module that is missing."""

import importlib
import sys

EXTRA = "operator"


def main() -> None:
    """Run ``formation-operator``."""
    try:
        run = importlib.import_module("formation_operator.__main__").main
    except ModuleNotFoundError as error:
        sys.exit(f"the operator lacks {error.name}: install formation-operator with its extra [{EXTRA}]")
    run()
