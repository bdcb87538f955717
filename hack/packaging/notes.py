"""The release's notes: its section of the changelog, and how to get what it is about."""

import re

from hack.cluster.errors import ClusterError

HEADING = re.compile(r"^## \[?([^\]\s]+)\]?.*$", re.MULTILINE)
NOTES = """\
# Formation operator {version}

{section}

## Install it
Check first what you have downloaded (`sha256sum --check SHA256SUMS`), then see docs/how-to/install.md.

The image is `{image}`. The plugin is `kubectl-formation-{version}-linux-*`, a single file: see docs/cli.md.
"""


def write(changelog: str, version: str, image: str) -> str:
    """Return the notes of a version: its own section, or what isn't released yet.

    Raises ClusterError if there is neither.
    """
    found = sections(changelog)
    section = found.get(version) or found.get("Unreleased")
    if not section:
        raise ClusterError(f"CHANGELOG.md has no section {version}, and none that is Unreleased")
    return NOTES.format(version=version, section=section, image=image)


def sections(changelog: str) -> dict[str, str]:
    """Return the text of each version.

    >>> sections("# Changelog\\n\\n## Unreleased\\n\\n## [0.1.0] - 2026-11-26\\n\\nRolls pods: no\\n")
    {'Unreleased': '', '0.1.0': 'Rolls pods: no'}
    """
    _, *parts = HEADING.split(changelog)
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
