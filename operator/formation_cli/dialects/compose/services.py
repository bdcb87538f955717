"""The services of an app in a Compose file as process types."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from formation_cli.dialects import app, dotenv, names, references
from formation_cli.dialects.app import App
from formation_cli.dialects.compose import apps, leftovers, units
from formation_cli.dialects.compose import file as texts
from formation_cli.dialects.compose.apps import Services
from formation_cli.failures import Mistyped
from formation_cli.objects import Object
from formation_cli.words import variables as words
from formation_operator.api.fields import MOST_VARIABLES
from formation_operator.kube.objects import lenient

OF_RELEASE = {"command", "args", "resources"}
"""What of a type a release has, too."""
COMPLETED = "service_completed_successfully"
PRIVILEGED = 1024
"""Ports below it may need a right."""
CHECK_SECONDS, CHECK_RETRIES = 30, 3
"""What Docker takes where a health check doesn't say."""
ID = re.compile("0|[1-9][0-9]{0,8}")
IMAGES_USER = (
    "The image has to run as a number other than 0, such as USER 1000 in its Dockerfile: "
    "securityDefaults: restricted (the default) starts no other"
)


@dataclasses.dataclass(frozen=True)
class Service:
    """A service of a file that fits the schema."""

    name: str
    said: Object
    where: str

    def get(self, path: str, read: Callable[..., Any], **how: Any) -> Any:
        """Return a field as it is read, None where there is none; raises `Mistyped` for what can't be."""
        value: Any = self.said
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        try:
            return None if value in (None, "", []) else read(value, **how)
        except ValueError as error:
            raise Mistyped(f"{self.where}.{path}: {error}.") from error


def read(
    text: str,
    file: str,
    service: str | None = None,
    image: str | None = None,
    from_files: Mapping[str, str] | None = None,
) -> App:
    """Return the app of a Compose file; raises `Mistyped` for what only Compose itself can read.

    ``from_files`` are the variables that it gets beside those of the Compose file.
    """
    said = texts.read(text, file)
    services: Services = said["services"]
    if "include" in said:
        raise Mistyped(f"{file}: include names other files.", hint=texts.HINT)
    for name, each in services.items():
        if "extends" in each:
            raise Mistyped(f"{file}: services.{name}.extends names another service.", hint=texts.HINT)
    chosen = apps.chosen(services, file, service, image)
    for name, each in chosen.items():
        carried = {key: value for key, value in each.items() if key in leftovers.CARRIED}
        apps.check_replaced(carried, f"{file}: services.{name}")
    found = App(name=names.suggestion(said.get("name") or ""))
    found.image = image or next((each["image"] for each in chosen.values() if each.get("image")), "")
    apps.check_replaced(found.image, f"{file}: image")
    if not image and any("build" in each for each in chosen.values()):
        found.warnings.append(f"Push the image {found.image} before you apply the Formation")
    release = _release(services, chosen, found)
    for name, each in chosen.items():
        _take_in(Service(name, each, f"{file}: services.{name}"), release, found)
    _share(found)
    found.left_out += [*leftovers.fields(chosen), *leftovers.to_bring(services, chosen)]
    env = found.env | {name: value for own in found.own_env.values() for name, value in own.items()}
    found.warnings += leftovers.addresses(services, chosen, {**env, **(from_files or {})})
    if any("user" not in each for each in chosen.values()):
        found.warnings.append(IMAGES_USER)
    return found


def _release(services: Services, chosen: Services, found: App) -> str | None:
    """Return the service that has to succeed before others start, as a release command does."""
    before: dict[str, None] = {
        str(name): None
        for each in services.values()
        if isinstance(each.get("depends_on"), dict)
        for name, how in each["depends_on"].items()
        if how.get("condition") == COMPLETED and chosen.get(name, {}).keys() & {"command", "entrypoint"}
    }
    if len(before) == 1 and len(chosen) > 1:
        (name,) = before
        found.warnings.append(f"{name} is spec.release, because others wait until it has succeeded")
        return name
    if before:
        found.warnings.append(f"{', '.join(before)}: each ends, so make one command of them for spec.release")
    return None


def _take_in(service: Service, release: str | None, found: App) -> None:
    part, name = _part(service, found), names.RELEASE
    if service.name == release:
        unknown = [each for each in part if each not in OF_RELEASE]
        found.left_out += [f"{each} of {release}: spec.release has no such field" for each in unknown]
        part = {each: value for each, value in part.items() if each in OF_RELEASE}
    else:
        name = re.sub("[._]+", "-", service.name).strip("-")
        names.check_type(name, service.where)
        if name in found.parts:
            raise Mistyped(f"{service.where}: another service would be the type {name}, too.")
        if name != service.name:
            found.warnings.append(f"{service.name} is the type {name}, which has no other characters")
    found.parts[name] = part
    found.own_env[name] = _variables(service, found)


def _part(service: Service, found: App) -> Object:
    """Return a service in the fields of a process type; raises `Mistyped` with the field that can't be."""
    get, said = service.get, service.said
    limits, reserved = "deploy.resources.limits", "deploy.resources.reservations"
    scale, replicas = get("scale", units.count), get("deploy.replicas", units.count)
    entrypoint, command = get("entrypoint", _words), get("command", _words)
    if said.get("entrypoint") in ("", []):  # the image's own is taken away
        entrypoint, command = command, None
    return app.given(
        command=entrypoint,
        args=command,
        replicas=scale if replicas is None else replicas,
        port=_port(service, found),
        resources=app.given(
            requests=app.given(
                cpu=get(f"{reserved}.cpus", units.cpus),
                memory=get(f"{reserved}.memory", units.memory) or get("mem_reservation", units.memory),
            ),
            limits=app.given(
                cpu=get(f"{limits}.cpus", units.cpus) or get("cpus", units.cpus),
                memory=get(f"{limits}.memory", units.memory) or get("mem_limit", units.memory),
            ),
        ),
        readinessProbe=_probe(service),
        terminationGracePeriodSeconds=get("stop_grace_period", units.seconds),
        podTemplate=_pod_template(service, found),
    )


def _words(said: str | list[str]) -> list[str]:
    return [references.escaped(each) for each in units.words(said)]


def _port(service: Service, found: App) -> int | None:
    """Return the port of a type: what PORT says, or the first that is published."""
    ports = [*(service.get("ports", units.ports) or []), *(service.get("expose", units.ports) or [])]
    said = (service.get("environment", units.variables) or {}).get(dotenv.PORT)
    if said is not None:
        found.left_out.append(f"{dotenv.PORT} of {service.name}: {dotenv.PORT_IS_SET}")
        ports = [*units.ports([said]), *ports] if units.PORT.fullmatch(said) else ports
    first, *others = dict.fromkeys(ports) or [None]
    if others:
        found.left_out.append(f"ports {', '.join(map(str, others))} of {service.name}: a type has one port")
    if first is not None and first < PRIVILEGED:
        found.warnings.append(
            f"{service.name} listens on port {first}: below {PRIVILEGED} some clusters let only root listen"
        )
    return first


def _variables(service: Service, found: App) -> dict[str, str]:
    env = service.get("environment", units.variables) or {}
    if len(env) > MOST_VARIABLES:
        most = f"more than {MOST_VARIABLES} variables, the limit of a Formation"
        raise Mistyped(f"{service.where}.environment: {most}.")
    known = {}
    for name, value in env.items():
        words.check_name(name, secret=True)
        if value is None:
            found.left_out.append(f"{name} of {service.name}: without a value; give it with --env")
        elif name != dotenv.PORT:
            words.check_value(name, value)
            known[name] = value
    return known


def _probe(service: Service) -> Object | None:
    """Return a health check as what keeps requests from a process: Docker restarts none for it, either."""
    check = service.said.get("healthcheck") or {}
    test = check.get("test")
    kind, *command = ["CMD-SHELL", test] if isinstance(test, str) else test or ["NONE"]
    if kind == "NONE" or not command or check.get("disable") is True:
        return None
    typed = units.words(command)
    interval = service.get("healthcheck.interval", units.seconds)
    timeout = service.get("healthcheck.timeout", units.seconds)
    return {
        "exec": {"command": ["/bin/sh", "-c", typed[0]] if kind == "CMD-SHELL" else typed},
        "periodSeconds": interval or CHECK_SECONDS,
        "timeoutSeconds": timeout or CHECK_SECONDS,
        "failureThreshold": service.get("healthcheck.retries", units.count) or CHECK_RETRIES,
    }


def _pod_template(service: Service, found: App) -> Object | None:
    """Return what a Pod says of a service: who runs it, and where."""
    user, _, group = str(service.said.get("user") or "").partition(":")
    security = {
        field: int(each) for field, each in (("runAsUser", user), ("runAsGroup", group)) if ID.fullmatch(each)
    }
    if not security.get("runAsUser"):
        security = {}
    if user and not security:
        found.warnings.append(
            f"{service.name} runs as {lenient.shown(user, 100)}: `restricted` needs a number other than 0"
        )
    container = app.given(
        workingDir=service.said.get("working_dir"),
        securityContext={"readOnlyRootFilesystem": True} if service.said.get("read_only") is True else None,
    )
    containers = [{"name": "process", **container}] if container else None
    return app.given(spec=app.given(securityContext=security, containers=containers))


def _share(found: App) -> None:
    """Move the variables that all have alike to where they are said once."""
    first, *others = found.own_env.values()
    found.env = {
        name: value for name, value in first.items() if all(each.get(name) == value for each in others)
    }
    for own in found.own_env.values():
        for name in found.env:
            del own[name]
