"""A Formation from a file: YAML or JSON that anybody may have written."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from formation_cli.dialects import names
from formation_cli.failures import Mistyped
from formation_operator.api import naming
from formation_operator.api.commands import Release, Schedule
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.kube.objects import lenient

IMAGES_OWN = "runs the program of its image, which isn't in the Formation"
"""Said about a type without a command: only a container can run it."""


@dataclasses.dataclass(frozen=True)
class Known:
    """A Formation that was read, and whose names can be the names of files."""

    name: str
    spec: FormationSpec

    def parts(self) -> dict[str, ProcessType | Release]:
        """Return the process types and the release by their names, which are never the same."""
        release = self.spec.release
        return {**({names.RELEASE: release} if release else {}), **self.spec.processes}

    def count(self, name: str) -> int:
        """Return how many processes of a type there are: one, if whoever scales it decides."""
        replicas = self.spec.processes[name].replicas
        return 1 if replicas is None else replicas

    def images_own(self) -> list[str]:
        """Return the types whose program only the image knows."""
        return [name for name, process in self.spec.processes.items() if not process.command]

    def literals(self, name: str) -> dict[str, str]:
        """Return the variables of a type whose value is in the Formation, the type's over the shared ones."""
        return {each["name"]: each.get("value") or "" for each in self._env(name) if "valueFrom" not in each}

    def elsewhere(self, name: str) -> list[str]:
        """Return what of a type's environment the cluster alone knows: variables, and names of sources."""
        process = self.parts()[name]
        variables = [each["name"] for each in self._env(name) if "valueFrom" in each]
        sources = [*(self.spec.env_from or []), *(process.env_from or [])]
        return variables + [f"all of {_source(each)}" for each in sources]

    def unsaid(self, shared: Collection[str], own: Collection[str]) -> list[str]:
        """Return the paths of the fields that are set, but for some of the whole and some of each part.

        The release is a part where ``shared`` has it, and else a field like any other.
        """
        parts: dict[str, ProcessType | Release] = {
            f"spec.processes.{name}": process for name, process in self.spec.processes.items()
        }
        if self.spec.release and names.RELEASE in shared:
            parts[f"spec.{names.RELEASE}"] = self.spec.release
        return sorted(
            [f"spec.{each}" for each in _set(self.spec) if each not in {"processes", *shared}]
            + [f"{path}.{each}" for path, part in parts.items() for each in _set(part) if each not in own]
        )

    def _env(self, name: str) -> list[dict[str, Any]]:
        both = [*(self.spec.env or []), *(self.parts()[name].env or [])]
        return [*{each["name"]: each for each in both}.values()]


def _set(part: FormationSpec | ProcessType | Release) -> list[str]:
    """Return the fields that have a value, by their names in a manifest."""
    fields = type(part).model_fields
    return [fields[each].alias or each for each in part.model_fields_set if getattr(part, each) is not None]


def _source(source: Mapping[str, Any]) -> str:
    for kind, reference in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
        if reference in source:
            return f"{kind} {lenient.text(source[reference], 'name')}"
    return "a source"


def parse(text: str, file: str) -> Known:
    """Return the one Formation of a file.

    Raises `Mistyped` if there is none, or more than one, or it isn't as the resource is declared.
    """
    found = [each for each in _documents(text, file) if lenient.mapping(each).get("kind") == naming.KIND]
    if len(found) != 1:
        raise Mistyped(f"{file} has {len(found) or 'no'} Formation{'s' if len(found) > 1 else ''}: give one.")
    return known(found[0], file)


def known(manifest: Mapping[str, Any], where: str) -> Known:
    """Return a Formation as it is declared; raises `Mistyped` with the first field that is wrong."""
    name = str(lenient.mapping(manifest.get("metadata")).get("name") or "")
    names.check_formation(name)
    try:
        spec = FormationSpec.model_validate(manifest.get("spec"))
    except ValidationError as error:
        raise mistyped(error, where, "spec") from error
    for each, process in spec.processes.items():
        names.check_type(each, where)
        _check(process, f"{where}: spec.processes.{each}")
    _check(spec, f"{where}: spec")
    for each, schedule in (spec.schedules or {}).items():
        _check(schedule, f"{where}: spec.schedules.{each}")
    if spec.release:
        _check(spec.release, f"{where}: spec.release")
    names.check_together(name, [*spec.processes])
    return Known(name, spec)


def mistyped(error: ValidationError, file: str, *above: str) -> Mistyped:
    """Return how a command ends whose file has something wrong, with its place in the file."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, (*above, *first["loc"])))
    words = [file, *([lenient.shown(place)] if place else []), f"{lenient.shown(first['msg'])}."]
    return Mistyped(": ".join(words))


def _check(part: FormationSpec | ProcessType | Release | Schedule, where: str) -> None:
    """Raise `Mistyped` for what the CRD would refuse and what comes later relies on."""
    for item in part.env or []:
        if not (isinstance(item.get("name"), str) and isinstance(item.get("value") or "", str)):
            raise Mistyped(f"{where}.env: a variable has a name and a value in quotes.")
    for source in part.env_from or []:
        if not all(isinstance(each, dict | str) for each in source.values()):
            raise Mistyped(f"{where}.envFrom: a source is a configMapRef or a secretRef.")


def _documents(text: str, file: str) -> list[Any]:
    try:
        return [*yaml.safe_load_all(text)]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Mistyped(f"{file} isn't YAML: {lenient.shown(str(error))}.") from error
