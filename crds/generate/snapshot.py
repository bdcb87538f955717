"""The part of Kubernetes' OpenAPI that the resource embeds, kept in the repository.

Kubernetes publishes its schema only as a part of its source, which is hundreds of megabytes.
The snapshot holds the few definitions that are reachable from the embedded ones, so that the
CRD can be generated, and checked by a test, from a bare checkout.
"""

import json
import pathlib
import re
from typing import Any

from hack.cluster import golang, paths

FILE = pathlib.Path(__file__).parents[1] / "kubernetes-openapi.json"
SOURCES = (
    "api/openapi-spec/v3/apis__apps__v1_openapi.json",  # holds everything that a Pod consists of
    "api/openapi-spec/v3/apis__autoscaling__v2_openapi.json",
)
MODULE = "k8s.io/kubernetes"

Json = dict[str, Any]


def take(roots: list[str]) -> Json:
    """Return a new snapshot, from the Kubernetes version that the test cluster pins."""
    listed = ["list", "-m", "-f", "{{.Version}} {{.Dir}}", MODULE]
    version, folder = golang.run(listed, paths.MODULES / "kubernetes", "openapi-snapshot").split()
    definitions: Json = {}
    for source in SOURCES:
        document = json.loads(pathlib.Path(folder, source).read_text(encoding="utf-8"))
        definitions |= document["components"]["schemas"]
    names = sorted(reachable(roots, definitions))
    return {"version": version, "definitions": {name: brief(definitions[name]) for name in names}}


def reachable(roots: list[str], definitions: Json) -> set[str]:
    """Return the names of all definitions that the roots need, themselves included."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(definitions[name]))
    return found


def brief(node: Any) -> Any:
    """Return a definition with each description cut to its first sentence."""
    if isinstance(node, list):
        return [brief(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: first_sentence(value) if key == "description" and isinstance(value, str) else brief(value)
        for key, value in node.items()
    }


def first_sentence(text: str) -> str:
    """Return the first sentence of a description, on one line."""
    line = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    end = re.search(r"(?<!e\.g)(?<!i\.e)\.(?= [A-Z\"$]|$)", line)
    return line[: end.end()] if end else line


def write(snapshot: Json) -> None:
    """Put the snapshot into the repository."""
    FILE.write_text(json.dumps(snapshot, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read() -> Json:
    """Return the definitions of the snapshot in the repository."""
    definitions: Json = json.loads(FILE.read_text(encoding="utf-8"))["definitions"]
    return definitions


def version() -> str:
    """Return the version of Kubernetes that the snapshot is of, such as ``v1.37.2``."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["version"])
