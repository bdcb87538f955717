"""The site's navigation, made from the tables of docs/README.md: a page that is listed there is in its place.

What isn't listed is below the page that its folder is named after (docs/cli/*.md below docs/cli.md), or last.
"""

import pathlib
import posixpath
import re

from tests.cluster import paths
from tests.site import pages

ROW = re.compile(r"^\| (?!page |---)(?P<links>.*?) \| *(?P<reader>[^:|]*)")
TARGET = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
CONTRIBUTE = "Contribute"
OTHERS = "More"
READERS = {
    "developers": "for developers",
    "administrators": "for platforms",
    "platform teams": "for platforms",
}
LONG = 12
"""A section with more pages than this is split by readers."""
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
    """Return the places of the pages below each caption, in the order of the tables."""
    known = pages.places()
    sections: dict[str, list[str]] = {"Start": ["contents.md"]}
    last: list[str] = ["contributing.md"]
    seen = {"contents.md", "contributing.md"}
    for heading, rows in tables((paths.ROOT / pages.INDEX).read_text()).items():
        for reader, sources in rows:
            found = [known.get(source) or pages.FOLDERS.get(source) for source in sources]
            for place in filter(None, found):
                if place in seen or not place.endswith(".md"):
                    continue
                seen.add(place)
                if place.startswith(("dev/", "decisions/")):
                    last.append(place)
                else:
                    part = READERS.get(reader, "") if len(rows) > LONG else ""
                    sections.setdefault(f"{heading} {part}".strip(), []).append(place)
    last += sorted({"changelog.md", "license.md"} - seen)
    return {**sections, CONTRIBUTE: last}


def tables(index: str) -> dict[str, list[tuple[str, list[str]]]]:
    """Return the rows of each table: for whom each one is, and the files that it links to."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for section in index.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        heading = heading.removeprefix("To ")
        rows = [row for line in text.splitlines() if (row := ROW.match(line))]
        found[heading[:1].upper() + heading[1:]] = [
            (row["reader"].strip(), linked(row["links"])) for row in rows
        ]
    return found


def linked(cell: str) -> list[str]:
    """Return the files that a cell of the index links to."""
    folder = posixpath.dirname(pages.INDEX)
    return [posixpath.normpath(posixpath.join(folder, target)) for target in TARGET.findall(cell)]
