"""Write what is generated, the CRD foremost: ``python -m crds.generate [--check | --snapshot]``."""

import argparse
import difflib
import itertools
import pathlib
import sys
from typing import Any

import yaml

from crds.generate import chart, crd, editors, pictures, policy, reference, schema, snapshot
from crds.generate.pages import commands, limits, operations, programs, reasons
from formation_operator.api.formation import FormationSpec

FILE = pathlib.Path(__file__).parents[1] / "formations.yaml"
HEADER = "# Generated from the models by `python -m crds.generate`: don't edit.\n"
SCHEMA = FILE.parent / "schema" / "formation_v1.json"
POLICY = FILE.parents[1] / "manifests" / "policies" / "foreground.yaml"
DOCS = FILE.parents[1] / "docs"
REFERENCE = DOCS / "reference.md"
SHOWN = 40
"""How many lines are printed of what differs in a file."""


class Plain(yaml.SafeDumper):
    """Writes everything out: a file full of anchors is hard to read and to compare."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that nothing is written as a reference."""
        del data
        return True


def text(document: dict[str, Any]) -> str:
    """Return the CRD as it is kept in the repository."""
    return HEADER + yaml.dump(document, Dumper=Plain, sort_keys=False, width=1000, allow_unicode=True)


def reference_text() -> str:
    """Return the page of all fields as it is kept in the repository."""
    return reference.build(snapshot.version())


def main() -> int:
    """Write, or compare, every file that is generated."""
    parser = argparse.ArgumentParser(prog="python -m crds.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; 1 if a file is out of date")
    parser.add_argument("--snapshot", action="store_true", help="first renew the part of Kubernetes' OpenAPI")
    chosen = parser.parse_args()
    if chosen.snapshot:
        roots = schema.embedded_roots(FormationSpec.model_json_schema())
        snapshot.write(snapshot.take(sorted(roots)))
    document = crd.build(snapshot.read())
    wanted = {
        FILE: text(document),
        SCHEMA: editors.text(document),
        POLICY: policy.text(),
        REFERENCE: reference_text(),
        DOCS / "reasons.md": reasons.build(),
        DOCS / "limits.md": limits.build(),
        DOCS / "programs.md": programs.build(),
        chart.FOLDER / "values.yaml": chart.values(),
        chart.FOLDER / "README.md": chart.readme(),
        **commands.pages(),
        **pictures.files(),
        **operations.files(),
    }
    if not chosen.check:
        for file, content in wanted.items():
            file.write_text(content, encoding="utf-8")
        return 0
    different = [line for file, content in wanted.items() for line in difference(file, content)]
    if different:
        print(*different, "Out of date: run python -m crds.generate", sep="\n", file=sys.stderr)
    return 1 if different else 0


def difference(file: pathlib.Path, wanted: str) -> list[str]:
    """Return the first lines of what differs between a file and what it should be; none if nothing does."""
    there = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = difflib.unified_diff(
        there.split("\n"), wanted.split("\n"), file.name, "what is generated", n=1, lineterm=""
    )
    return [] if there == wanted else [*itertools.islice(lines, SHOWN)]


if __name__ == "__main__":
    sys.exit(main())
