"""Where the script begins: what isn't installed is named, instead of the module that is missing."""

import importlib
import sys

EXTRA = "operator"


def main() -> None:
    """Run ``formation-operator``."""
    try:
        run = importlib.import_module("formation_operator.__main__").main
    except ModuleNotFoundError as error:
        way_out = f"pip install 'formation-operator[{EXTRA}]'"
        sys.exit(f"{error.name} isn't installed, which the operator needs: {way_out}")
    run()
