"""What kubectl says of a manifest that can't be applied: the causes, without what it wanted to write.

That is all of the manifest, values of variables included, and what the API server says comes behind it.
Source: k8s.io/kubectl/pkg/cmd/apply/apply.go, and pkg/cmd/util/helpers.go
"""

import json
import re

from formation_cli.failures import Failure, NoAccess
from formation_operator.kube.objects import lenient

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
PREAMBLE = re.compile(
    rf"error when (?:[^\n\"]+|[a-z ]+:\n(?:[^\n]*\n){{1,4}}?(?:from server )?for:) {QUOTED}: "
)
"""What kubectl was about when the server refused it, and the file that it is from."""
VALUE = re.compile(rf"(?<=Invalid value: )({QUOTED}|(?=[\[{{]))")
"""A value that is no number, or where such a one begins."""
SEPARATOR = re.compile(r', (?=(?:spec|metadata)[.:\[]|(?:unknown|duplicate) field ")')
FORBIDDEN = "is forbidden: User "
ANSWERED = re.compile(r"^(Error from server|The .* is invalid)", re.MULTILINE)
MOST = 20
"""Lines that are shown."""


def is_answer(said: str) -> bool:
    """Tell whether it is the API server that refuses."""
    return ANSWERED.search(said) is not None


def failure(said: str, filename: str, namespace: str) -> Failure:
    """Return how a command ends whose manifest can't be applied, from what kubectl says."""
    causes = _causes(said)
    if FORBIDDEN in said:
        hint = lenient.shown(f"The API server says: {' '.join(causes)}", lenient.LONGEST_SUMMARY)
        return NoAccess(f"You may not apply {filename} in namespace {namespace}.", hint=hint)
    more = [f"and {len(causes) - MOST} lines more"] if len(causes) > MOST else []
    return Failure("\n".join([f"{filename} can't be applied. kubectl says:", *causes[:MOST], *more]))


def _causes(said: str) -> list[str]:
    """Return what is wrong, each field in a line of its own, and without the values of the manifest."""
    text = _without_values(PREAMBLE.sub("", said))
    lines = SEPARATOR.sub("\n* ", text).splitlines()
    return [lenient.shown(line.rstrip()) for line in lines if line.strip() and not line.startswith("{")]


def _without_values(text: str) -> str:
    pieces, end = [], 0
    while match := VALUE.search(text, end):
        pieces.append(text[end : match.start()])
        end = match.end() if match[1] else _end_of_value(text, match.end())
        end += len(": ") * text.startswith(": ", end)
    return "".join([*pieces, text[end:]])


def _end_of_value(text: str, begin: int) -> int:
    """Return where a list or an object ends; what is none may go on to the end of the line."""
    try:
        return json.JSONDecoder().raw_decode(text, begin)[1]
    except (ValueError, RecursionError):
        return (text + "\n").index("\n", begin)
