"""The plugin for krew: an archive of each single file, and the manifest that says where the archives are.

Source: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
"""

import hashlib
import pathlib
import shutil
import tempfile
from typing import Any

import yaml

from tests.release import archives
from tests.release.site import Site

MANIFEST = "krew.yaml"
PROGRAM = "kubectl-formation"
DESCRIPTION = """\
Shows, scales, deploys, rolls back and debugs Formations: twelve-factor apps that the Formation operator runs
as Deployments.
"""
CAVEATS = """\
The plugin needs Python 3.11 or newer, as python3 on the PATH.
The cluster needs the Formation operator.
"""


def write(plugins: dict[str, pathlib.Path], licence: pathlib.Path, site: Site, seconds: int) -> None:
    """Write the manifest, and an archive beside the plugin's single file of each architecture."""
    packed = {
        architecture: pack(plugin, licence, seconds) for architecture, plugin in sorted(plugins.items())
    }
    text = yaml.safe_dump(manifest(site, packed), sort_keys=False, width=110)
    next(iter(plugins.values())).with_name(MANIFEST).write_text(text)


def pack(plugin: pathlib.Path, licence: pathlib.Path, seconds: int) -> pathlib.Path:
    """Write and return the archive of a single file."""
    archive = plugin.with_name(f"{plugin.name}.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(plugin, folder / PROGRAM)
        shutil.copy(licence, folder / "LICENSE")
        archives.tgz(archive, folder, seconds, "", programs=(PROGRAM,))
    return archive


def manifest(site: Site, packed: dict[str, pathlib.Path]) -> dict[str, Any]:
    """Return the manifest, given the archive of each architecture."""
    return {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": "formation"},
        "spec": {
            "version": f"v{site.version}",
            "homepage": site.repository,
            "shortDescription": "Work with the process types of Formations",
            "description": DESCRIPTION,
            "caveats": CAVEATS,
            "platforms": [
                {
                    "selector": {"matchLabels": {"os": "linux", "arch": architecture}},
                    "uri": site.download(archive.name),
                    "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                    "bin": PROGRAM,
                }
                for architecture, archive in packed.items()
            ],
        },
    }
