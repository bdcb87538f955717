"""Formations for the tests of what is refused and accepted at ``kubectl apply``."""

import json
import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from hack.cluster import settings
from hack.cluster.settings import NEEDS
from tests.live.client import Client
from tests.live.server import ServerError
from tests.shared.builders import Manifest, a_formation, a_process

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


def tried(user: Client, kind: str, manifest: Manifest) -> Manifest:
    """Return what the API server would store of a manifest, in which it accepts no unknown field."""
    path = f"{user.server.path(kind, user.namespace)}?dryRun=All&fieldValidation=Strict"
    return dict(json.loads(user.server.request("POST", path, manifest)))


CAUSE = re.compile(r", (?=(?:<nil>|\.?spec[-\w.\[\]]*): )")
"""Where the next of several causes begins."""


def refusal(user: Client, manifest: Manifest) -> list[str]:
    """Return why the API server refuses a Formation, whatever the order in which it found that."""
    with pytest.raises(ServerError) as refused:
        tried(user, "formation", manifest)
    _, _, causes = str(refused.value).partition(" is invalid: ")
    found = CAUSE.split(causes.removeprefix("[").removesuffix("]") or str(refused.value))
    return sorted(each for each in found if "some validation rules were not checked" not in each)


def check_refused(user: Client, table: dict[str, Manifest], snapshot: SnapshotAssertion) -> None:
    """Fail unless each Formation is refused, in the words that users read."""
    said = {sentence: refusal(user, manifest) for sentence, manifest in table.items()}
    if settings.minor():
        pytest.skip(f"{NEEDS} of the newest minor to compare words: all are refused")
    assert said == snapshot
