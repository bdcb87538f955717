"""The plugin for krew: an archive of the single file, and the manifest that says where the archive is.

Source: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
"""

import hashlib
import pathlib
import platform
import shutil
import tempfile
from typing import Any

import yaml

from tests.cluster import images
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


def write(plugin: pathlib.Path, licence: pathlib.Path, site: Site, seconds: int) -> None:
    """Write the archive and the manifest beside the plugin's single file."""
    archive = plugin.with_name(f"{plugin.name}.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(plugin, folder / PROGRAM)
        shutil.copy(licence, folder / "LICENSE")
        archives.tgz(archive, folder, seconds, "", programs=(PROGRAM,))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    text = yaml.safe_dump(manifest(site, archive.name, digest), sort_keys=False, width=110)
    plugin.with_name(MANIFEST).write_text(text)


def manifest(site: Site, archive: str, digest: str) -> dict[str, Any]:
    """Return the manifest, for the kind of machine that the archive was made on."""
    machine = images.ARCHITECTURES.get(platform.machine(), platform.machine())
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
                    "selector": {"matchLabels": {"os": "linux", "arch": machine}},
                    "uri": site.download(archive),
                    "sha256": digest,
                    "bin": PROGRAM,
                }
            ],
        },
    }
