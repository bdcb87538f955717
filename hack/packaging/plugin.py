"""The plugin as a single file, by pex: it holds the wheels of every Python that it may run with.

Source: https://docs.pex-tool.org
"""

import json
import pathlib
import sys
from typing import Any

from packaging import tags

from hack.cluster import images
from hack.images import workshop
from hack.packaging import sbom, wheel

LOCK = pathlib.Path(__file__).with_name("requirements-plugin.txt")
COMPLETION = pathlib.Path(__file__).with_name("kubectl_complete-formation")
ENTRY = "formation_cli.__main__:main"
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
OLDEST_GLIBC, NEWEST_GLIBC = 17, 28
"""Of glibc 2, for which the wheels are: https://peps.python.org/pep-0600/"""


def name(version: str, architecture: str) -> str:
    """Return the file's name: its wheels are for one architecture."""
    return f"kubectl-formation-{version}-linux-{architecture}"


def build(
    sources: pathlib.Path, tools: pathlib.Path, target: pathlib.Path, seconds: int, architecture: str
) -> None:
    """Write the plugin of the sources for an architecture, its locked dependencies with it, into a file."""
    machine = images.MACHINES[architecture]
    work = tools.parent / f"plugin-{architecture}"
    wheels = work / "wheels"
    for python in PYTHONS:
        download(python, machine, wheels)
    options = [
        *(f"--complete-platform={json.dumps(described(python, machine))}" for python in PYTHONS),
        # What is there already: to resolve anything, pex would fetch a pip of its own.
        *("--no-build", "--no-pypi", f"--pre-resolved-dists={wheels}", f"--requirement={LOCK}"),
        f"--sources-directory={sources / 'operator'}",
        f"--entry-point={ENTRY}",
        # Unpacked at its first start. (By --sh-boot, its bytes would depend on the Python that builds.)
        *("--venv", "--python-shebang=/usr/bin/env python3"),
        f"--pex-root={work / 'root'}",
        f"--output-file={target}",
    ]
    settings = [f"PYTHONPATH={tools}", f"SOURCE_DATE_EPOCH={seconds}"]
    workshop.run(["env", *settings, sys.executable, "-m", "pex", *options])
    target.chmod(0o755)


def parts() -> list[sbom.Part]:
    """Return the packages of others that the file holds: pex' own is what unpacks the rest."""
    tools = sbom.python_packages(wheel.REQUIREMENTS.read_text())
    return [*sbom.python_packages(LOCK.read_text()), *(each for each in tools if each.name == "pex")]


def download(python: tuple[int, int], machine: str, wheels: pathlib.Path) -> None:
    """Download the wheels of the lock file for a Python on such a machine, by their hashes."""
    chosen = [
        f"--python-version={python[0]}.{python[1]}",
        *(f"--platform={each}" for each in platforms(machine)),
    ]
    workshop.pip("download", LOCK, "--no-deps", f"--dest={wheels}", *chosen)


def platforms(machine: str) -> list[str]:
    """Return the tags of a Linux that runs the wheels, best first."""
    found = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    return [*found, f"manylinux2014_{machine}", f"linux_{machine}"]


def described(python: tuple[int, int], machine: str) -> dict[str, Any]:
    """Return a Python on such a Linux as pex takes it: what it can install, and what markers say of it."""
    version = f"{python[0]}.{python[1]}"
    found = [
        *tags.cpython_tags(python, platforms=platforms(machine)),
        *tags.compatible_tags(python, f"cp{python[0]}{python[1]}", platforms(machine)),
    ]
    markers = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
    }
    return {"marker_environment": markers, "compatible_tags": [str(each) for each in found]}
