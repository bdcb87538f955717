"""Print what the CRD costs the API server: ``python -m tests.bench.crd_cost WHAT``, parts without it.

``parts`` and ``rules`` call the API server's own libraries in one process, so that they see microseconds;
``requests`` asks a real API server, and takes the machine for two minutes.  ``verdicts`` tells whether an
earlier CRD says the same of many strange Formations.
"""

import argparse
import json
import pathlib
import subprocess
from typing import Any

import yaml

from tests.bench.crd_cost import requests, strange, variants, writes
from tests.cluster import golang, paths
from tests.cluster.build import CONTROL_PLANE

Json = dict[str, Any]
INSIDE = pathlib.Path(__file__).with_name("inside")
PARTS = {"rounds": 9, "each": 100}
STRANGE = (10_000, 1)
REQUESTS = {"rounds": 16, "each": 50}


def build() -> pathlib.Path:
    """Return the program that measures, built with the API server's own modules and versions."""
    binary = paths.cache() / "bin" / "crd-cost"
    files = [str(file) for file in sorted(INSIDE.glob("*.go"))]
    flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-o", str(binary)]
    golang.run(["build", *flags, *files], CONTROL_PLANE.folder, "crd-cost")
    return binary


def measure(binary: pathlib.Path, job: Json) -> Json:
    """Return what the program measured."""
    done = subprocess.run([binary], input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True)
    found: Json = json.loads(done.stdout)
    return found


def table(title: str, crds: list[str], rows: dict[str, list[tuple[float, float]]], units: str) -> str:
    """Return a row for each thing that was measured, with two figures for each CRD."""
    head = f"{title:40}" + "".join(f"{crd:>18}" for crd in crds)
    lines = [
        f"{name:40}" + "".join(f"{one:10.1f}{two:8.1f}" for one, two in row) for name, row in rows.items()
    ]
    return "\n".join([head, f"{'':40}" + f"{units:>18}" * len(crds), *lines])


def parts(crds: Json) -> str:
    """Return the CPU and the memory that each part of a write takes."""
    found = measure(build(), {"crds": crds, "writes": writes.all_of_them(), **PARTS})["parts"]
    figures = {(each["write"], each["part"], each["crd"]): (each["us"], each["kib"]) for each in found}
    rows: dict[str, list[tuple[float, float]]] = {}
    for write in (each["name"] for each in writes.all_of_them()):
        names = dict.fromkeys(each["part"] for each in found)
        rows |= {f"{write}: {name}": [figures[write, name, crd] for crd in crds] for name in names}
        columns = [[figures[write, name, crd] for name in names] for crd in crds]
        rows[f"{write}: together"] = [
            (sum(us for us, _ in all_), sum(kib for _, kib in all_)) for all_ in columns
        ]
    return table("a write", list(crds), rows, "µs     KiB")


def rules(crds: Json) -> str:
    """Return what each rule of ours would take of each write if it were alone, the dearest first."""
    job = {"crds": {"ours": crds["ours"]}, "writes": writes.all_of_them(), "rules": "ours", **PARTS}
    found = sorted(measure(build(), job)["rules"], key=lambda rule: -sum(rule["us"].values()))
    lines = [
        "".join(f"{us:7.1f}" for us in rule["us"].values()) + f"  {rule['at']}: {rule['rule'][:90]}"
        for rule in found
    ]
    return "\n".join([f"µs: {'; '.join(each['name'] for each in writes.all_of_them())}", *lines])


def asked(crds: Json) -> str:
    """Return a request's latency, and what the API server's CPU spends on it."""
    found = requests.measure(crds, **REQUESTS)
    rows = {kind: [found[crd, kind] for crd in crds] for kind in dict.fromkeys(kind for _, kind in found)}
    return table("a request", list(crds), rows, "ms  CPU ms")


def verdicts(crds: Json) -> str:
    """Return how many Formations are refused, and each of which two CRDs don't say the same."""
    judged = strange.formations(*STRANGE)
    job = {"crds": {name: crds[name] for name in ("earlier", "ours") if name in crds}, "judged": judged}
    said = [[strange.said(each) for each in found] for found in measure(build(), job)["verdicts"].values()]
    differ = [
        f"{json.dumps(formation['spec'])}\n  {set.union(*each) - set.intersection(*each)}"
        for formation, *each in zip(judged, *said, strict=True)
        if len(set(map(frozenset, each))) > 1
    ]
    refused = sum(map(bool, said[0]))
    return "\n".join([f"{len(judged)} Formations, {refused} refused, {len(differ)} not alike", *differ[:20]])


WHAT = {"parts": parts, "rules": rules, "requests": asked, "verdicts": verdicts}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.crd_cost", description=__doc__)
    parser.add_argument("what", nargs="?", choices=WHAT, default="parts")
    parser.add_argument("--beside", type=pathlib.Path, help="an earlier formations.yaml to compare with")
    chosen = parser.parse_args()
    earlier = {"earlier": yaml.safe_load(chosen.beside.read_text())} if chosen.beside else {}
    print(WHAT[chosen.what]({**earlier, **variants.all_of_them()}))


if __name__ == "__main__":
    main()
