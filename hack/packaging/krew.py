"""The plugin for krew: an archive of each single file, and the manifest that says where the archives are.

Source: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
"""

import hashlib
import pathlib
import shutil
import tempfile

import yaml

from hack.packaging import archives
from hack.packaging.site import Site

MANIFEST = "krew.yaml"
PROGRAM = "kubectl-formation"
TEMPLATE = pathlib.Path(__file__).with_name(MANIFEST)


def write(plugins: dict[str, pathlib.Path], licence: pathlib.Path, site: Site, seconds: int) -> None:
    """Write the manifest, and an archive beside the plugin's single file of each architecture."""
    manifest = yaml.safe_load(TEMPLATE.read_text())
    spec = manifest["spec"]
    spec |= {"version": f"v{site.version}", "homepage": site.repository, "platforms": []}
    for architecture, plugin in sorted(plugins.items()):
        archive = pack(plugin, licence, seconds)
        platform = {
            "selector": {"matchLabels": {"os": "linux", "arch": architecture}},
            "uri": site.download(archive.name),
            "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
            "bin": PROGRAM,
        }
        spec["platforms"].append(platform)
    text = yaml.safe_dump(manifest, sort_keys=False, width=110)
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
