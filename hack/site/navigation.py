"""The site's navigation, made from docs/README.md: a page that is linked there is below its heading.

What isn't listed is below the page that its folder is named after (docs/cli/*.md below docs/cli.md), or last.
"""

import pathlib
import posixpath
import re

from hack.cluster import paths
from hack.site import pages

TARGET = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
OTHERS = "More"
TOCTREE = "\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"
BELOW = "\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"
LIST = (
    "# Decisions\n\nWhy things are as they are, and what was rejected.\n\n```{toctree}\n:glob:\n\n0*\n```\n"
)


def write(target: pathlib.Path) -> None:
    """Add the navigation to the staged pages."""
    decisions = target / "decisions"
    (decisions / "index.md").write_text(LIST)
    sections = arranged()
    listed = {place for section in sections.values() for place in section}
    staged = {path.relative_to(target).as_posix() for path in target.rglob("*.md")}
    left = sorted(place for place in staged - listed - {"index.md"} if not place.startswith("decisions/0"))
    for place in left:
        parent = f"{posixpath.dirname(place)}.md"
        if parent in listed:
            entry = posixpath.relpath(place, posixpath.dirname(parent) or ".")
            append(target / parent, BELOW.format(entries=entry))
        else:
            sections.setdefault(OTHERS, []).append(place)
    for caption, section in sections.items():
        append(target / "index.md", TOCTREE.format(caption=caption, entries="\n".join(section)))


def append(page: pathlib.Path, text: str) -> None:
    """Add lines to a page."""
    page.write_text(page.read_text() + text)


def arranged() -> dict[str, list[str]]:
    """Return the places of the pages below each heading of the index, in its order, each of them once."""
    known = {**pages.places(), **pages.FOLDERS}
    sections: dict[str, list[str]] = {"Overview": [known[pages.INDEX]]}
    seen = {"index.md", known[pages.INDEX]}
    for section in (paths.ROOT / pages.INDEX).read_text().split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        places = [place for each in linked(text) if (place := known.get(each, "")).endswith(".md")]
        sections[heading] = [place for place in dict.fromkeys(places) if place not in seen]
        seen |= {*places}
    return sections


def linked(text: str) -> list[str]:
    """Return the files that the index links to."""
    folder = posixpath.dirname(pages.INDEX)
    return [posixpath.normpath(posixpath.join(folder, target)) for target in TARGET.findall(text)]
