"""The chart's values.yaml and README.md, from the descriptions and defaults in its values.schema.json."""

import json
import pathlib
import textwrap
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

FOLDER = pathlib.Path(__file__).parents[2] / "manifests" / "chart"
WIDTH = 110
HEADER = "# Generated from values.schema.json by `python -m crds.generate`: don't edit.\n"
README = """\
<!-- Generated from values.schema.json by `python -m crds.generate`: don't edit. -->
# The Formation operator's Helm chart

A `Formation` is a twelve-factor app on Kubernetes as one object: its process types and how many of each run.
This chart installs the operator, its rights and the CRD. It needs Kubernetes 1.32 or newer, and Helm 3 or 4.
Paths on this page are paths of the project's repository.

**Pre-release**: no version is tagged, and no image or chart is published yet. To build the image, see
`docs/how-to/install.md`.

## Install
```sh
helm install formation-operator manifests/chart --namespace formation-system --create-namespace --wait \\
  --set image.repository=registry.example.com/formation-operator
helm test formation-operator --namespace formation-system
```

In place of `manifests/chart` you can name the archive of a release. The namespace needs no labels. The
operator's Pods meet the `restricted` Pod Security Standard, so you may enforce it there.

## Upgrade and uninstall
`helm upgrade` also upgrades the CRD. `CHANGELOG.md` says whether a version replaces the Pods of your apps.

```sh
helm upgrade formation-operator manifests/chart --namespace formation-system --reset-then-reuse-values
helm uninstall formation-operator --namespace formation-system
```

Don't use `helm rollback` to go back to an older version: it also brings the older CRD, and Formations lose
the fields that it doesn't know. Upgrade to the older chart with `--set crds.enabled=false` instead, which
keeps the newer CRD (`docs/how-to/upgrade.md`).

`helm uninstall` stops the operator and keeps the CRD, all Formations and all that they run, unless
`crds.keep` is `false`.

## Values
A value that you don't set leaves the object as it is in `manifests/`. The schema refuses unknown names and
wrong types.

| value | meaning | default |
|---|---|---|
{rows}

`flags` are those of `formation-operator --help`; `docs/how-to/administer.md` has a table of them.
"""


def values() -> str:
    """Return values.yaml: every default, under its description."""
    return HEADER + "".join(_nodes(_properties(_schema()), ""))


def readme() -> str:
    """Return README.md, with a row for every value."""
    rows = (f"| `{path}` | {node['description']} | `{_text(node['default'])}` |" for path, node in leaves())
    return README.format(rows="\n".join(rows))


def leaves() -> Iterator[tuple[str, Json]]:
    """Yield each value that has a default, by its path, with its schema."""
    yield from _leaves(_properties(_schema()), "")


def _schema() -> Json:
    return dict(json.loads((FOLDER / "values.schema.json").read_text(encoding="utf-8")))


def _properties(node: Json) -> Json:
    """Return the described properties: `global` and `enabled` are for charts that depend on this one."""
    return {name: inner for name, inner in node["properties"].items() if "description" in inner}


def _leaves(properties: Json, prefix: str) -> Iterator[tuple[str, Json]]:
    for name, node in properties.items():
        if "default" in node:
            yield prefix + name, node
        else:
            yield from _leaves(_properties(node), f"{prefix}{name}.")


def _nodes(properties: Json, indent: str) -> Iterator[str]:
    for name, node in properties.items():
        comment = textwrap.wrap(node["description"], WIDTH, break_on_hyphens=False, break_long_words=False)
        yield ("" if indent else "\n") + "".join(f"{indent}# {line}\n" for line in comment)
        if "default" in node:
            yield f"{indent}{name}: {_text(node['default'])}\n"
        else:
            yield f"{indent}{name}:\n"
            yield from _nodes(_properties(node), f"{indent}  ")


def _text(value: Any) -> str:
    """Return a value as YAML has it in one line."""
    return value if isinstance(value, str) and value else json.dumps(value)
