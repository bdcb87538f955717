"""Copy the sources that a release is made from, and write its version and the image's name into the copy.

The version stands in three files, because three tools read one each; the image's name in one. The address of
the repository is in none, until it is given. The checkout stays as it is. In the copy, all files have one
time and one mode, so that nothing of this machine gets out.
"""

import os
import pathlib
import re
import shutil

from hack.cluster import commands, paths
from hack.cluster.errors import ClusterError
from hack.packaging.site import Site

SOURCES = (
    ".dockerignore",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "crds",
    "manifests",
    "operator",
    "pyproject.toml",
    "requirements.txt",
)
IMAGE = pathlib.PurePath("manifests/image/kustomization.yaml")
# https://semver.org; what PyPI and OCI registries can have as well.
VERSION = re.compile(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?")
NAME = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")


def git(*arguments: str) -> str:
    """Return what git says about this checkout."""
    return commands.output(["git", "-C", paths.ROOT, *arguments])


def require_committed() -> None:
    """Raise ClusterError where a file that git knows differs from the last commit: no release can name it."""
    if changed := git("status", "--porcelain", "--untracked-files=no"):
        raise ClusterError(f"a release is made of what is committed, and this isn't:\n{changed.rstrip()}")


def epoch() -> int:
    """Return the time that everything in the release has: ``SOURCE_DATE_EPOCH``, or the last commit's."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))


def stage(
    target: pathlib.Path, version: str, image: str | None, seconds: int, repository: str | None = None
) -> None:
    """Copy what git knows of the sources into a folder; a link becomes what it leads to.

    Raises ClusterError for a version or a name that a registry wouldn't take, and for what is no address.
    """
    if not VERSION.fullmatch(version):
        raise ClusterError(f"VERSION={version} is no version: give one such as 1.2.3 or 1.2.3-rc.1")
    if image is not None and not NAME.fullmatch(image):
        raise ClusterError(f"IMAGE={image} is no image's name: give registry and name, without a tag")
    site = Site(repository, version) if repository else None
    names = [name for name in git("ls-files", "-z", "--", *SOURCES).split("\0") if name]
    known = [paths.ROOT / name for name in names]
    for name, source in zip(names, known, strict=True):
        copy(source, target / name, known)
    stamp(target, version, image)
    if site is not None:
        address(target / "manifests/chart", site)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (seconds, seconds))


def copy(source: pathlib.Path, target: pathlib.Path, known: list[pathlib.Path]) -> None:
    """Copy a file, or what git knows of the folder that a link leads to."""
    if source.is_dir():
        folder = source.resolve()
        for file in known:
            if file.is_relative_to(folder):
                copy(file, target / file.relative_to(folder), known)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def stamp(folder: pathlib.Path, version: str, image: str | None) -> None:
    """Write the version, and the image's name if there is one, to where they belong."""
    replace(folder / "operator/formation_operator/__init__.py", r'(?<=^__version__ = ")[^"]+', version)
    chart = folder / "manifests/chart"
    replace(chart / "Chart.yaml", r"(?<=^version: ).+", version)
    replace(chart / "Chart.yaml", r"(?<=^appVersion: ).+", version)
    for file in (folder / IMAGE, chart / "files/image/kustomization.yaml"):
        replace(file, r"(?<=newTag: ).+", version)
        if image is not None:
            replace(file, r"(?<=newName: ).+", image)


def address(chart: pathlib.Path, site: Site) -> None:
    """Write into the chart where its sources and its runbooks are."""
    about = chart / "Chart.yaml"
    replace(about, r"^(?=keywords: )", f"home: {site.repository}\nsources:\n  - {site.repository}\n")
    replace(chart / "values.yaml", r'(?<=^  runbookUrl: )""', site.page("docs/runbooks.md"))


def replace(file: pathlib.Path, pattern: str, text: str) -> None:
    """Replace the one place of a file that matches."""
    changed, count = re.subn(pattern, lambda _: text, file.read_text(), flags=re.MULTILINE)
    if count != 1:
        raise ClusterError(f"{file.name} has {count} places for {pattern}, and not one")
    file.write_text(changed)
