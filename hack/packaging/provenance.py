"""Where the files of a release come from, as an in-toto statement with SLSA's provenance.

It names the commit, the locks and the bases, and what was asked of `make release`. It isn't signed by itself:
the signature of `SHA256SUMS` covers it, and `make sign` attaches it to the image.

https://slsa.dev/spec/v1.0/provenance
"""

import hashlib
import json
import pathlib
import re
from typing import Any

from hack.packaging import audit
from hack.packaging.site import Site

NAME = "provenance.intoto.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
DIGEST = re.compile(r"@sha256:([0-9a-f]{64})$")
FILE = "docker-archive:"

Resource = dict[str, Any]
"""https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md"""


def statement(site: Site, builder: str, subjects: list[Resource], materials: list[Resource]) -> str:
    """Return the statement about what was made, the image first, given who has made it and of what."""
    asked = {"version": site.version, "image": subjects[0]["name"], "repository": site.repository}
    definition = {
        "buildType": site.page("docs/dev/releasing.md#make-it"),
        "externalParameters": asked,
        "resolvedDependencies": materials,
    }
    content = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": definition, "runDetails": {"builder": {"id": builder}}},
    }
    return json.dumps(content, indent=1) + "\n"


def source(site: Site, commit: str) -> Resource:
    """Return the commit that a release is made of."""
    return {"uri": f"git+{site.repository}", "digest": {"gitCommit": commit}}


def locks(sources: pathlib.Path) -> list[Resource]:
    """Return the files that pin what a release is made of."""
    return [{**described(sources / name), "name": name} for name in audit.LOCKS]


def base(architecture: str, image: str) -> Resource:
    """Return the base of an architecture, by its digest if there is any."""
    name = f"base image for {architecture}"
    if image.startswith(FILE):
        return {**described(pathlib.Path(image.removeprefix(FILE))), "name": name}
    pinned = DIGEST.search(image)
    return {"name": name, "uri": image, **({"digest": {"sha256": pinned[1]}} if pinned else {})}


def described(path: pathlib.Path) -> Resource:
    """Return a file by its digest."""
    with path.open("rb") as content:
        return {"name": path.name, "digest": {"sha256": hashlib.file_digest(content, "sha256").hexdigest()}}
