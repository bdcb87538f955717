"""The pages of the repository as the site has them: where each one is, and where its links lead.

A link to another page leads there. A link to any other file leads to the address of the repository, given to
`make site`; without it, only the words of the link stay.
"""

import dataclasses
import html
import pathlib
import posixpath
import re
from collections.abc import Callable

from hack.cluster import paths
from hack.cluster.errors import ClusterError
from hack.packaging.site import Site

DOCS = "docs/"
INDEX = "docs/README.md"
ROOTS = {
    "README.md": "index.md",
    INDEX: "contents.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
    "manifests/chart/README.md": "chart.md",
}
"""What isn't below docs/, and the index, with their places on the site."""
FOLDERS = {"docs": "contents.md", "docs/decisions": "decisions/index.md"}
"""Folders that are linked to, and the page that lists each one."""
CODE = r"(?P<code>^ *(?P<fence>```+)(?P<kind>\w*)\n(?P<text>.*?)^ *(?P=fence) *$|(?P<ticks>`+).*?(?P=ticks))"
LINK = r"(?P<image>!?)\[(?P<words>(?:`[^`]*`|!\[[^\]]*\]\([^)]*\)|[^\[\]`])*)\]\((?P<target>[^)\s]+)\)"
PARTS = re.compile(f"{LINK}|{CODE}", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"[a-z]+:")
LICENSE = "# License\n\n```text\n{}```\n"


@dataclasses.dataclass(frozen=True)
class Address:
    """Where files of the repository can be read that aren't pages, if anywhere."""

    repository: str
    version: str

    def of(self, path: str) -> str | None:
        """Return the address of a file or folder."""
        if not self.repository:
            return None
        site = Site(self.repository, self.version)
        return site.page(path) if self.version else f"{self.repository}/blob/HEAD/{path}"


def places() -> dict[str, str]:
    """Return each file that the site has, with its place there."""
    below = (
        path.relative_to(paths.ROOT).as_posix() for path in (paths.ROOT / DOCS).rglob("*") if path.is_file()
    )
    return {**{path: path.removeprefix(DOCS) for path in below}, **ROOTS}


def stage(target: pathlib.Path, address: Address) -> None:
    """Write all pages and pictures, with their links changed; raises ClusterError for one to nothing."""
    known = places()
    broken: list[str] = []
    for source, place in known.items():
        file = target / place
        file.parent.mkdir(parents=True, exist_ok=True)
        content = (paths.ROOT / source).read_bytes()
        if source == "LICENSE":
            content = LICENSE.format(content.decode()).encode()
        elif source.endswith(".md"):
            content = page(source, content.decode(), known, address, broken.append).encode()
        file.write_bytes(content)
    if broken:
        raise ClusterError("\n".join(broken))


def page(
    source: str, text: str, known: dict[str, str], address: Address, broken: Callable[[str], None]
) -> str:
    """Return the text of a page for the site."""

    def changed(found: re.Match[str]) -> str:
        if found["code"]:
            return diagram(found["text"]) if found["kind"] == "mermaid" else found[0]
        target = found["target"]
        if not OUTSIDE.match(target) and not target.startswith("#"):
            leads = destination(source, target, known, address)
            if leads == "":
                broken(f"{source}: {target} leads nowhere")
            if leads is None:
                return found["words"]
            target = leads
        words = PARTS.sub(changed, found["words"]) if "](" in found["words"] else found["words"]
        return f"{found['image']}[{words}]({target})"

    return PARTS.sub(changed, text)


def destination(source: str, target: str, known: dict[str, str], address: Address) -> str | None:
    """Return where a link of a page leads on the site: None if that has no address, "" if it isn't there."""
    path, mark, anchor = target.partition("#")
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    place = known.get(wanted) or FOLDERS.get(wanted)
    if place:
        return posixpath.relpath(place, posixpath.dirname(known[source]) or ".") + mark + anchor
    if not (paths.ROOT / wanted).exists():
        return ""
    leads = address.of(wanted)
    return leads and leads + mark + anchor


def diagram(text: str) -> str:
    """Return a diagram that the browser draws."""
    return f'<pre class="mermaid">\n{html.escape(text)}</pre>'
