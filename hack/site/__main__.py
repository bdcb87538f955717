"""``make site``: the pages as a site that needs no network: ``python -m hack.site [--check]``.

Each version has a folder of its own, beside which `versions.json` lists them. Any host of files serves it.
A link that leads nowhere fails. With ``--check`` a browser looks at each page then.
"""

import argparse
import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from packaging import version

from hack.cluster import paths, progress
from hack.cluster.errors import ClusterError
from hack.images import workshop
from hack.site import browser, navigation, pages, scripts

HERE = pathlib.Path(__file__).parent
LOCK = HERE / "requirements.txt"
MAIN = "main"
"""The folder of what isn't released."""
FIRST = '<!doctype html><title>Formation operator</title><meta http-equiv="refresh" content="0; url={}/">\n'


def main() -> int:
    """Make the site, and look at it if that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m hack.site", description=__doc__)
    parser.add_argument("--version", default="", help="such as 1.2.3; else what isn't released")
    parser.add_argument("--repository", default="", help="its address, for links to files that are no pages")
    parser.add_argument("--target", type=pathlib.Path, default=paths.ROOT / "build" / "site")
    parser.add_argument("--check", action="store_true", help="look at each page with a browser")
    chosen = parser.parse_args()
    try:
        made = build(chosen.target, pages.Address(chosen.repository, chosen.version))
        progress.step(f"the site is in {made}")
        faults = asyncio.run(browser.look(chosen.target, made.name)) if chosen.check else []
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(faults), file=sys.stderr)
    return 1 if faults else 0


def build(target: pathlib.Path, address: pages.Address) -> pathlib.Path:
    """Make the folder of a version, in the place of an earlier one, and return it."""
    made = target / (address.version or MAIN)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        pages.stage(work / "pages", address)
        navigation.write(work / "pages")
        workshop.pip("install", LOCK, f"--target={work / 'sphinx'}")
        (work / "scripts").mkdir()
        scripts.mermaid(work / "scripts")
        render(work, made.name)
        shutil.rmtree(made, ignore_errors=True)
        shutil.copytree(work / "html", made)
    known = sorted((path.parent.name for path in target.glob("*/index.html")), key=age, reverse=True)
    (target / "versions.json").write_text(json.dumps(known))
    (target / "index.html").write_text(FIRST.format(known[0]))
    return made


def age(name: str) -> version.Version:
    """Return what the versions are sorted by: what isn't released comes before the oldest release."""
    return version.Version("0" if name == MAIN else name)


def render(work: pathlib.Path, name: str) -> None:
    """Have Sphinx write the pages; raises ClusterError for its first warning."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(work / "sphinx"),
        "SITE_VERSION": name,
        "SITE_SCRIPTS": str(work / "scripts"),
    }
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", str(HERE)]
    done = subprocess.run([*command, str(work / "pages"), str(work / "html")], env=environment, check=False)
    if done.returncode:
        raise ClusterError("Sphinx refuses the pages: see above")


if __name__ == "__main__":
    sys.exit(main())
