"""``make audit``: ask the Python Package Index for known vulnerabilities of everything that is locked.

Part of a release, not of every run: the answer depends on the day, and on a database that has to be reached.
pip-audit counts what it couldn't look up as fine; here an audit that leaves out a package has not been run.
Ends with 1 if a vulnerability is known, and with 2 if it isn't known whether there is any.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.cluster import paths, progress

TOOL = pathlib.Path(__file__).with_name("audit-requirements.txt")
LOCKS = (
    "requirements.txt",
    "tests/release/requirements-plugin.txt",
    "requirements-dev.txt",
    "tests/cluster/go-requirements.txt",
    "tests/release/requirements.txt",
    "tests/release/audit-requirements.txt",
)
FINE, VULNERABLE, NOT_RUN = 0, 1, 2
LAST_LINE = 200
"""Characters of the reason that are shown."""


class Verdict(NamedTuple):
    """What is known of one lock file."""

    code: int
    text: str


def main() -> int:
    """Audit each lock file, and return the worst result."""
    with tempfile.TemporaryDirectory() as folder:
        progress.step("installing pip-audit, as it is locked")
        try:
            install(pathlib.Path(folder))
        except subprocess.CalledProcessError as error:
            print(f"audit: not run: pip-audit couldn't be installed ({error})")
            return NOT_RUN
        verdicts = {lock: audited(paths.ROOT / lock, pathlib.Path(folder)) for lock in LOCKS}
    for lock, verdict in verdicts.items():
        print(f"{lock}: {verdict.text}")
    return worst(verdict.code for verdict in verdicts.values())


def worst(codes: Iterable[int]) -> int:
    """Return what all of them together are: a vulnerability that is known outweighs one that may be."""
    found = set(codes)
    return next(code for code in (VULNERABLE, NOT_RUN, FINE) if code in found)


def install(folder: pathlib.Path) -> None:
    """Install pip-audit into a folder; raises `CalledProcessError`."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    options = ["--require-hashes", "--only-binary=:all:", "--target", str(folder)]
    subprocess.run([*pip, *options, "--requirement", str(TOOL)], check=True)


def audited(lock: pathlib.Path, folder: pathlib.Path) -> Verdict:
    """Return what pip-audit says of a lock file."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return verdict(done.stdout, done.stderr)


def verdict(answer: str, messages: str) -> Verdict:
    """Read pip-audit's answer; without one, its last message is why."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        last = (messages.strip().splitlines() or ["no answer"])[-1]
        return Verdict(NOT_RUN, f"not run: {last[:LAST_LINE]}")
    known = [flawed(each, flaw) for each in packages for flaw in each.get("vulns", ())]
    if known:
        return Verdict(VULNERABLE, "\n  ".join([f"{len(known)} known vulnerabilities", *known]))
    left_out = [each["name"] for each in packages if "skip_reason" in each]
    if left_out or not packages:
        return Verdict(
            NOT_RUN,
            f"not run: of {len(packages)} packages {len(left_out)} couldn't be looked up, "
            f"such as {', '.join(left_out[:3])}",
        )
    return Verdict(FINE, f"{len(packages)} packages, no known vulnerability")


def flawed(package: dict[str, Any], flaw: dict[str, Any]) -> str:
    """Say which vulnerability a package has, and in which versions it is fixed."""
    fixed = ", ".join(flaw["fix_versions"]) or "none"
    return f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
