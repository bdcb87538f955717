"""What pydantic finds wrong with a file that somebody else has written, as one sentence."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from formation_cli.failures import Mistyped
from formation_operator.kube.objects import lenient


def parsed(form: Any, text: str, file: str) -> Any:
    """Return what a JSON file says; raises `Mistyped` with the first thing that isn't of the form."""
    try:
        return TypeAdapter(form).validate_json(text.encode(errors="surrogatepass"))
    except ValidationError as error:
        raise mistyped(error, file) from error


def mistyped(error: ValidationError, file: str, *above: str) -> Mistyped:
    """Return how a command ends whose file has something wrong, with its place in the file."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, (*above, *first["loc"])))
    return Mistyped(
        ": ".join([file, *([lenient.shown(place)] if place else []), f"{lenient.shown(first['msg'])}."])
    )
