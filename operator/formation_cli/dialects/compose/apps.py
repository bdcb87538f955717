"""Which services of a Compose file are one app: those that share an image, or a build."""

import json
import re
from collections.abc import Mapping
from typing import Any

from formation_cli.dialects.compose import file as texts
from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.objects import Object
from formation_operator.kube.objects import lenient

Services = Mapping[str, Object]

USES = re.compile(r"(?<!\$)(?:\$\$)*\$\{?([A-Za-z_][A-Za-z0-9_]*)")
"""What Compose replaces in a text: ``$$`` is a dollar sign."""


def chosen(services: Services, file: str, service: str | None, image: str | None) -> Services:
    """Return the services of the app that is named, that has the image, or that is the only one built.

    Raises `Mistyped` where that is none, or more than one.
    """
    if service is not None and service not in services:
        raise Mistyped(f"{file} has no service {service}.", hint=did_you_mean(service, services))
    # What `docker compose config` writes is started, whatever its profiles are.
    resolved = file.endswith((texts.STDIN, ".json"))
    if resolved or (service is not None and services[service].get("profiles")):
        started = services
    else:
        started = {name: each for name, each in services.items() if not each.get("profiles")}
    apps = _grouped(started)
    if service is not None:
        return apps[_source(services[service])]
    built = [each for each in apps.values() if any("build" in one for one in each.values())]
    candidates = [apps[image]] if image in apps else built
    candidates = candidates or [*_grouped(services).values()]
    if len(candidates) == 1:
        return candidates[0]
    there = "; ".join(f"{', '.join(each)} ({origin(next(iter(each.values())))})" for each in candidates)
    sentence = f"{file} has {len(candidates)} images, and a Formation is the app of one: {there}"
    likely = max(candidates, key=lambda each: (any("depends_on" in one for one in each.values()), len(each)))
    hint = f"Name a service of the one that you mean, such as --service {next(iter(likely))}."
    raise Mistyped(f"{lenient.shown(sentence)}.", hint=hint)


def _grouped(services: Services) -> dict[str, dict[str, Object]]:
    found: dict[str, dict[str, Object]] = {}
    for name, each in services.items():
        found.setdefault(_source(each), {})[name] = each
    return found


def _source(service: Object) -> str:
    build = service.get("build")
    whole = {"context": build} if isinstance(build, str) else build
    return str(service.get("image") or json.dumps(whole, sort_keys=True))


def origin(service: Object) -> str:
    """Return where a service's image comes from."""
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    return str(service.get("image") or f"built from {context}")


def check_replaced(said: Any, where: str) -> None:
    """Raise `Mistyped` for the first text in which Compose would replace something."""
    if isinstance(said, str) and (match := USES.search(said)):
        place = f"{lenient.shown(where, 300)} uses the variable {lenient.shown(match[1], 300)}"
        raise Mistyped(f"{place}, whose value only Compose knows.", hint=texts.HINT)
    keyed = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for key, each in keyed:
        check_replaced(each, f"{where}.{key}")
