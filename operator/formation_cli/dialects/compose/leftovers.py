"""What of a Compose file a Formation doesn't have, and what there is in its place."""

import re
from collections.abc import Iterator, Mapping

from formation_cli.dialects.compose import apps
from formation_cli.dialects.compose.apps import Services
from formation_cli.objects import Object

CARRIED = {
    *("command", "entrypoint", "environment", "ports", "expose", "scale", "healthcheck", "stop_grace_period"),
    *("cpus", "mem_limit", "mem_reservation", "user", "working_dir", "read_only", "deploy"),
}
"""Fields of a service that a Formation has; what Compose would replace in them has to be replaced first."""
CHOSEN_BY = {"image", "build", "profiles"}
WITHIN = {
    "deploy": {"replicas", "resources"},
    "deploy.resources": {"limits", "reservations"},
    "deploy.resources.limits": {"cpus", "memory"},
    "deploy.resources.reservations": {"cpus", "memory"},
    "healthcheck": {"test", "interval", "timeout", "retries", "disable"},
}
"""Fields of which only some are carried over."""
NOT_RESTRICTED = "the Pod Security Standard `restricted` forbids it"
OWN_NAMES = "Pods have names of their own"
READY = "a process gets no requests until its check succeeds"
REASONS = {
    "cap_add": NOT_RESTRICTED,
    "configs": "make a ConfigMap, and mount it with podTemplate",
    "container_name": OWN_NAMES,
    "depends_on": "all types start at once, so each process has to try again until what it needs answers",
    "devices": NOT_RESTRICTED,
    "env_file": "its variables come from --env",
    "healthcheck.start_interval": READY,
    "healthcheck.start_period": READY,
    "hostname": OWN_NAMES,
    "ipc": NOT_RESTRICTED,
    "links": "use the name of a Service",
    "logging": "the cluster keeps what a process writes to stdout",
    "network_mode": NOT_RESTRICTED,
    "networks": "Pods reach each other, unless a NetworkPolicy forbids it",
    "pid": NOT_RESTRICTED,
    "privileged": NOT_RESTRICTED,
    "restart": "a process that ends is started again",
    "secrets": "make a Secret, and name it in envFrom or mount it with podTemplate",
    "volumes": "files are lost when a process ends; keep them in a store, or add a volume with podTemplate",
}
OTHER = "a Formation has no such field"


def fields(chosen: Services) -> Iterator[str]:
    """Yield a sentence for each field that isn't carried over, with the services that have it."""
    found: dict[str, list[str]] = {}
    for name, service in chosen.items():
        for field in _fields(service):
            found.setdefault(field, []).append(name)
    for field, having in found.items():
        yield f"{field} of {', '.join(having)}: {REASONS.get(field, OTHER)}"


def _fields(service: Object, above: str = "") -> Iterator[str]:
    known = WITHIN.get(above, CARRIED | CHOSEN_BY)
    for key, value in service.items():
        path = f"{above}.{key}" if above else key
        if value in (None, [], {}, "", False) or key.startswith("x-") or _is_default(path, value):
            continue
        if key not in known:
            yield path
        elif path in WITHIN:
            yield from _fields(value, path)


def _is_default(path: str, value: object) -> bool:
    """Tell what ``docker compose config`` adds to each service."""
    return path == "networks" and value == {"default": None}


def to_bring(services: Services, chosen: Services) -> Iterator[str]:
    """Yield the other services, which are no part of the app."""
    images = {apps.origin(each) for each in chosen.values()}
    for name, each in services.items():
        if name not in chosen:
            origin = apps.origin(each)
            same = "it starts with a profile only"
            other = "another image: bring it, or make a Formation of its own"
            yield f"service {name} ({origin}): {same if origin in images else other}"


def addresses(services: Services, chosen: Services, env: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables whose value is the address of another service."""
    others = "|".join(re.escape(each) for each in services if each not in chosen)
    host = re.compile(rf"(?:\A|//|[@,])({others or '(?!)'})(?=[:/,]|\Z)")
    for name, value in env.items():
        if found := host.search(value):
            yield f"{name} names the service {found[1]}: set its address in the cluster"
