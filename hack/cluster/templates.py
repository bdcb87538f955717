"""The configurations in `configurations/`, each with what differs from one machine or cluster to another."""

import pathlib
import string

from hack.cluster import paths

FOLDER = pathlib.Path(__file__).with_name("configurations")


def filled(file: str, /, **values: object) -> str:
    """Return a configuration with these values; where the state is, is known to all."""
    template = string.Template((FOLDER / file).read_text())
    return template.substitute({"state": paths.state(), **values})


def write(name: str, /, **values: object) -> pathlib.Path:
    """Write a configuration with these values into the state."""
    target = paths.state() / name
    target.write_text(filled(name, **values))
    return target
