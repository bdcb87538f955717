"""What the API server's refusals mean for who has typed a command."""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from formation_cli.cluster import kinds
from formation_cli.cluster.port import ConflictFailure
from formation_cli.failures import Failure, Mistyped, NoAccess, NotFound
from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient

VERBS = {"GET": "read", "PATCH": "change", "POST": "create", "DELETE": "delete"}
NO_CRD = (
    "Ask its administrator to install them: kubectl apply -k crds/, then the operator (README, `Install it`)."
)
OLD_CRD = "The cluster's CRD is older than this command: ask its administrator to apply the newer crds/."
OTHER_CLUSTER = (
    "Check that the cluster runs, and that it is the right one: `kubectl config current-context` "
    "names it; --context selects another."
)
NUMBER = re.compile(r"\[Errno -?[0-9]+\] ")
UNKNOWN_FIELD = re.compile(r'unknown field "([^"]{1,200})"')


class Request(NamedTuple):
    """What is asked for."""

    method: str
    kind: str
    namespace: str
    name: str = ""
    subresource: str = ""
    query: Mapping[str, str] = MappingProxyType({})
    body: Any = None
    content_type: str = "application/json"

    @property
    def path(self) -> str:
        """Where the API server has it."""
        where = kinds.BY_NAME[self.kind].place(self.namespace, self.name)
        return f"{where}/{self.subresource}" if self.subresource else where

    @property
    def subject(self) -> str:
        """The object or the kind, in words."""
        what = f"{self.subresource} of {self.kind}" if self.subresource else self.kind
        return f"{what} {self.name}" if self.name else f"{what}s"


def time_of(headers: Mapping[str, str]) -> float:
    """Return when a server answered, by its own clock; by ours where a proxy has taken that away."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return time.time()


def is_object(text: bytes) -> bool:
    """Tell whether a 404 is about an object, not about a kind that the server doesn't know."""
    return bool(lenient.mapping(_parsed(text), "details").get("name"))


def failure(request: Request, status: int, text: bytes) -> Failure:
    """Return how a command ends that was answered with an error."""
    found = _failure(request, status, text)
    if status == 400 and (selector := request.query.get("labelSelector")):
        found = Mistyped(f"{selector[:100]!r} isn't a selector of labels; try team=checkout.")
    found.refused = status < 500
    return found


def _failure(request: Request, status: int, text: bytes) -> Failure:
    message = lenient.shown(str(_parsed(text).get("message") or f"HTTP {status}"), lenient.LONGEST_SUMMARY)
    verb = VERBS[request.method]
    where = f"in namespace {request.namespace}" if request.namespace else "in all namespaces"
    if status == 401:
        hint = "The credentials of the kubeconfig are wrong or have expired: log in again."
        return NoAccess("The cluster doesn't know who you are.", hint=hint)
    if status == 403 and "is forbidden: User " in message:
        sentence = f"You may not {verb} {request.subject} {where}."
        return NoAccess(sentence, hint=f"The API server says: {message}")
    if status == 404:
        return _missing(request, text, where)
    if status == 409 or errors.TEST_FAILED in message:
        return ConflictFailure(f"Another client changes {request.subject} {where} all the time: {message}")
    unknown = UNKNOWN_FIELD.search(message)
    if status in (400, 422, 500) and unknown:
        return Failure(f"The cluster doesn't know the field {unknown[1]}.", hint=OLD_CRD)
    causes = lenient.items(lenient.mapping(_parsed(text), "details"), "causes") if status == 422 else []
    fields = [f"{lenient.text(each, 'field')}: {lenient.text(each, 'message')}" for each in causes]
    refused = "refuses a value in" if status == 422 else f"doesn't allow you to {verb}"
    said = lenient.shown("; ".join(fields), lenient.LONGEST_SUMMARY) or message
    return Failure(f"The API server {refused} {request.subject} {where}: {said}")


def unreachable(host: str, error: Exception) -> Failure:
    """Return how a command ends that got no answer."""
    reason = getattr(error, "reason", None) or error
    words = lenient.shown(NUMBER.sub("", str(reason).rpartition(": ")[2]))
    sentence = f"The cluster at {urlsplit(host).netloc or host} doesn't answer: {words}."
    return NoAccess(sentence, hint=OTHER_CLUSTER)


def strange(host: str) -> Failure:
    """Return how a command ends that was answered in another language."""
    sentence = f"The server at {urlsplit(host).netloc or host} isn't a cluster."
    return NoAccess(sentence, hint=OTHER_CLUSTER)


def _missing(request: Request, text: bytes, where: str) -> Failure:
    if is_object(text):
        return NotFound(f"There is no {request.subject} {where}.")
    if request.kind == naming.KIND:
        return NotFound("This cluster doesn't know Formations.", hint=NO_CRD)
    return NotFound(f"This cluster doesn't know the kind {request.kind}.")


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        return lenient.mapping(json.loads(text))
    except ValueError:
        return {}
