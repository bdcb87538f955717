"""The entry points of the scripts: if a package is missing, they say how to install it."""

import importlib.util
import sys

INSTALL = "pip install '.[operator]'"
"""By its path: a package index may have another package of that name."""


def main() -> None:
    """Run ``formation-operator``."""
    run("formation_operator.__main__", "the operator", INSTALL)


def run(module: str, program: str, install: str, *extra: str) -> None:
    """Run a module's ``main``; if a package is missing, end with the command that installs the program.

    The packages of its extra are looked for and not imported: some may be there without the rest.
    """
    lacks = f"{program} lacks {{}}: in a checkout: {install}"
    for name in extra:
        if not importlib.util.find_spec(name):
            sys.exit(lacks.format(name))
    try:
        entry = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        sys.exit(lacks.format(error.name))
    entry()
