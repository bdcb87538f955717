"""Write the CRD from the models: ``python -m crds.generate [--check | --snapshot]``."""

import argparse
import pathlib
import sys
from typing import Any

import yaml

from crds.generate import crd, schema, snapshot
from formation_operator.model import FormationSpec

FILE = pathlib.Path(__file__).parents[1] / "formations.yaml"
HEADER = "# Generated from the models by `python -m crds.generate`: don't edit.\n"


class Plain(yaml.SafeDumper):
    """Writes everything out: a file full of anchors is hard to read and to compare."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that nothing is written as a reference."""
        del data
        return True


def text(document: dict[str, Any]) -> str:
    """Return the CRD as it is kept in the repository."""
    return HEADER + yaml.dump(document, Dumper=Plain, sort_keys=False, width=1000, allow_unicode=True)


def main() -> int:
    """Write, or compare, the CRD."""
    parser = argparse.ArgumentParser(prog="python -m crds.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; 1 if the file is out of date")
    parser.add_argument("--snapshot", action="store_true", help="first renew the part of Kubernetes' OpenAPI")
    chosen = parser.parse_args()
    if chosen.snapshot:
        roots = schema.embedded_roots(FormationSpec.model_json_schema())
        snapshot.write(snapshot.take(sorted(roots)))
    wanted = text(crd.build(snapshot.read()))
    if not chosen.check:
        FILE.write_text(wanted, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != wanted:
        print(f"{FILE.name} is out of date: run python -m crds.generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
