"""The software bill of materials, as SPDX 2.3 in JSON: what a release holds beside our own code.

https://spdx.github.io/spdx-spec/v2.3/
"""

import dataclasses
import datetime
import importlib.metadata
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from packaging import licenses, requirements

PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*==[^\\\n]+?) *\\?$", re.MULTILINE)
# Of the classifiers, those that name exactly one licence.
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
UNKNOWN = "NOASSERTION"


@dataclasses.dataclass(frozen=True, order=True)
class Part:
    """A package of somebody else's."""

    name: str
    version: str
    kind: str
    """As in a package URL: https://github.com/package-url/purl-spec"""
    licence: str = UNKNOWN

    @property
    def reference(self) -> str:
        """Its name within the document."""
        return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", f"{self.kind}-{self.name}-{self.version}")

    @property
    def url(self) -> str:
        """Its package URL."""
        return f"pkg:{self.kind}/{self.name}@{self.version}".replace("+", "%2B").replace("~", "%7E")


class Whole(NamedTuple):
    """A file of the release that holds others' packages."""

    name: str
    url: str
    purpose: str
    """As SPDX calls it."""
    parts: frozenset[Part]

    @property
    def reference(self) -> str:
        """Its name within the document."""
        return f"SPDXRef-{self.name}"


def wholes(reference: str, of_image: Iterable[Part], of_plugin: Iterable[Part]) -> list[Whole]:
    """Return the image, given its name and tag, and the single file of the same version."""
    name, _, tag = reference.rpartition("/")[2].partition(":")
    return [
        Whole("formation-operator", f"pkg:oci/{name}@{tag}", "CONTAINER", frozenset(of_image)),
        Whole(
            "kubectl-formation", f"pkg:generic/kubectl-formation@{tag}", "APPLICATION", frozenset(of_plugin)
        ),
    ]


def python_packages(lock: str) -> list[Part]:
    """Return the packages of a lock file that are installed on this kind of machine."""
    found = [requirements.Requirement(line) for line in PINNED.findall(lock)]
    wanted = [item for item in found if item.marker is None or item.marker.evaluate()]
    return [part(item.name, str(item.specifier).removeprefix("==")) for item in wanted]


def part(name: str, version: str) -> Part:
    """Return a Python package, with its licence where the one that is installed here is of that version."""
    try:
        known = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return Part(name, version, "pypi")
    return Part(name, version, "pypi", licence(known) if known["Version"] == version else UNKNOWN)


def licence(metadata: Any) -> str:
    """Return the SPDX expression of a package's licence, if its metadata leave no doubt."""
    for field in ("License-Expression", "License"):
        try:
            return str(licenses.canonicalize_license_expression(metadata.get(field) or ""))
        except licenses.InvalidLicenseExpression:
            continue
    named = {CLASSIFIERS.get(each) for each in metadata.get_all("Classifier") or [] if "License ::" in each}
    return named.pop() or UNKNOWN if len(named) == 1 else UNKNOWN


def debian_packages(status: str) -> Iterator[Part]:
    """Return the packages that dpkg says are installed."""
    for entry in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in entry.splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        if fields.get("Status", "").endswith(" installed"):
            yield Part(fields["Package"], fields["Version"], "deb/debian")


def document(version: str, seconds: int, wholes: list[Whole]) -> str:
    """Return the document of a release."""
    created = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = sorted({part for whole in wholes for part in whole.parts})
    packages = [
        *(
            {
                **package(each.reference, each.name, version, "Apache-2.0", each.url),
                "primaryPackagePurpose": each.purpose,
            }
            for each in wholes
        ),
        *(package(each.reference, each.name, each.version, each.licence, each.url) for each in parts),
    ]
    relations = [
        *(("SPDXRef-DOCUMENT", "DESCRIBES", whole.reference) for whole in wholes),
        *((whole.reference, "CONTAINS", part.reference) for whole in wholes for part in sorted(whole.parts)),
    ]
    content = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"formation-operator-{version}",
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(packages)).urn,
        "creationInfo": {"created": created, "creators": ["Tool: formation-operator-make-release"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def package(reference: str, name: str, version: str, declared: str, url: str) -> dict[str, Any]:
    """Return a package as SPDX has it."""
    locator = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}
    return {
        "SPDXID": reference,
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": declared,
        "copyrightText": UNKNOWN,
        "externalRefs": [locator],
    }
