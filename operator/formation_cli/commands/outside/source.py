"""The Formation that a command is about: from a file, or from the cluster."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from formation_cli import files, options
from formation_cli.cluster import formations
from formation_cli.dialects import manifest
from formation_cli.dialects.manifest import Known
from formation_cli.failures import Mistyped

R = TypeVar("R")


def formation(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command a `Known` Formation: of the cluster by its name, or of the file after -f."""

    @options.formation(required=False)
    @options.filename("Its manifest; - for stdin.")
    @functools.wraps(function)
    def with_formation(*args: Any, name: str | None, filename: str | None, **kwargs: Any) -> R:
        return function(*args, known=_find(name, filename), **kwargs)

    return with_formation


def _find(name: str | None, filename: str | None) -> Known:
    if (name is None) == (filename is None):
        raise Mistyped("Which Formation? Give its name, or its file with -f, and not both.")
    if filename is not None:
        return manifest.parse(files.read(filename), filename)
    found = formations.find(options.cluster_of(click.get_current_context()), name or "")
    return manifest.known(found, f"Formation {name}")
