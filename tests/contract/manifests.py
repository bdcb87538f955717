"""Formations for the tests of what is refused and accepted at ``kubectl apply``."""

import re
from typing import Any

import pytest

from tests.builders import Manifest, a_formation, a_process
from tests.client import Client
from tests.server import ServerError

WEB = a_process("gunicorn", "shop.wsgi", port=8080)
WORKER = a_process()
MIGRATE: Manifest = {"command": ["/shop", "migrate"]}
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
SIDECAR: Manifest = {"name": "proxy", "image": "proxy:1"}


def formation(name: str = "shop", **spec: Any) -> Manifest:
    """Return a Formation with a web process, accepted but for what the caller adds."""
    return a_formation(name, processes={"web": WEB}, **spec)


def worker(name: str = "worker", /, **fields: Any) -> Manifest:
    """Return a Formation with one process type of these fields."""
    return a_formation(processes={name: {**WORKER, **fields}})


def release(**fields: Any) -> Manifest:
    """Return a Formation with a release command of these fields; nothing takes one of them away."""
    given = {key: value for key, value in {**MIGRATE, **fields}.items() if value is not None}
    return formation(release=given)


def scheduled(name: str = "nightly", /, **fields: Any) -> Manifest:
    """Return a Formation with a schedule of these fields; nothing takes one of them away."""
    given = {key: value for key, value in {**REPORT, **fields}.items() if value is not None}
    return formation(schedules={name: given})


def processes(value: Any, **spec: Any) -> Manifest:
    """Return a Formation with exactly these process types."""
    accepted = formation(**spec)
    return {**accepted, "spec": {**accepted["spec"], "processes": value}}


def without(manifest: Manifest, *path: str) -> Manifest:
    """Return a manifest without the field at the path."""
    step, *rest = path
    if not rest:
        return {key: value for key, value in manifest.items() if key != step}
    return {**manifest, step: without(manifest[step], *rest)}


def containers(*items: Manifest, kind: str = "containers") -> Manifest:
    """Return a podTemplate with these containers."""
    return {"spec": {kind: list(items)}}


def own(**fields: Any) -> Manifest:
    """Return a podTemplate that sets fields of the process's own container."""
    return containers({"name": "process", **fields})


def variable(**fields: Any) -> Manifest:
    """Return an environment variable."""
    return {"name": "A", **fields}


def limits(**quantities: Any) -> Manifest:
    """Return resources with these limits."""
    return {"limits": quantities}


def refused(sentence: str, manifest: Manifest, *fragments: str) -> Any:
    """Return one row: what is wrong, the manifest, and what its message must contain."""
    return pytest.param(manifest, fragments, id=sentence)


def check_refused(kubectl: Client, manifest: Manifest, fragments: tuple[str, ...]) -> None:
    """Fail unless the manifest is refused with a message that contains every fragment."""
    check_message(refusal(kubectl, manifest), fragments)


def refusal(kubectl: Client, manifest: Manifest) -> str:
    """Return why the API server refuses a manifest."""
    with pytest.raises(ServerError) as refused:
        kubectl.server.create("formation", kubectl.namespace, manifest)
    return str(refused.value)


def check_message(message: str, fragments: tuple[str, ...]) -> None:
    """Fail unless a refusal contains every fragment."""
    message = re.sub(r"(processes|schedules)\[([^]]+)\]", r"\1.\2", message)  # as CEL's messages spell it
    missing = [fragment for fragment in fragments if fragment not in message]
    assert not missing, message


P = "spec.processes"
W = f"{P}.worker"
