"""The site: where the links of its pages lead, and what its navigation is made of."""

import pathlib

import pytest

from hack.cluster.errors import ClusterError
from hack.site import navigation, pages

KNOWN = {
    "README.md": "index.md",
    "docs/README.md": "contents.md",
    "docs/cli.md": "cli.md",
    "docs/how-to/install.md": "how-to/install.md",
    "docs/session.svg": "session.svg",
}
NOWHERE = pages.Address("", "")
OURS = pages.Address("https://github.com/owner/name", "1.2.3")


def changed(source: str, text: str, address: pages.Address = NOWHERE) -> tuple[str, list[str]]:
    broken: list[str] = []
    return pages.page(source, text, KNOWN, address, broken.append), broken


def test_a_link_to_another_file_leads_to_the_repository_or_loses_its_address() -> None:
    text = "[the `role`](../manifests/rbac/users.yaml) and [y](cli.md)"
    place = "https://github.com/owner/name/blob/v1.2.3/manifests/rbac/users.yaml"
    assert changed("docs/cli.md", text, OURS)[0] == f"[the `role`]({place}) and [y](cli.md)"
    assert changed("docs/cli.md", text)[0] == "the `role` and [y](cli.md)"
    unreleased = pages.Address(OURS.repository, "")
    assert unreleased.of("Makefile") == "https://github.com/owner/name/blob/HEAD/Makefile"


def test_a_link_to_nothing_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed("docs/cli.md", "[x](gone.md)")[1] == ["docs/cli.md: gone.md leads nowhere"]
    monkeypatch.setattr(pages, "destination", lambda *_: "")
    with pytest.raises(ClusterError, match="leads nowhere"):
        pages.stage(tmp_path, NOWHERE)


def test_the_navigation_has_each_page_once_in_the_order_of_the_index(tmp_path: pathlib.Path) -> None:
    pages.stage(tmp_path, NOWHERE)
    for new in ("cli/new.md", "new/page.md"):
        (tmp_path / new).parent.mkdir(exist_ok=True)
        (tmp_path / new).write_text("# New\n")

    navigation.write(tmp_path)

    captions = (tmp_path / "index.md").read_text().split(":caption: ")[1:]
    sections = {lines[0]: lines[2:-1] for each in captions if (lines := each.strip().splitlines())}
    listed = [page for section in sections.values() for page in section if page.endswith(".md")]
    assert len(listed) == len({*listed})
    assert sections["Start"][:2] == ["concepts.md", "tutorial.md"]
    assert {"contributing.md", "dev/testing.md", "decisions/index.md"} <= {*sections["Contributors"]}
    assert "new/page.md" in sections["More"]
    assert "cli/new.md" in (tmp_path / "cli.md").read_text()
    staged = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    below = {each for each in staged if each.startswith(("decisions/0", "cli/"))}
    assert staged - below - {"index.md"} == {*listed}
