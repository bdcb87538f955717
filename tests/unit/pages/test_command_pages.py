"""The pages of the plugin's commands can't lack, or keep, what a person wrote for a command."""

import pathlib

import pytest

from crds.generate.pages import commands


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('output = [["release"', 'other = [["release"', "release: commands.toml says what -o prints"),
        ("[wait]", "[waits]", "notes of what is no command: waits"),
    ],
)
def test_notes_that_do_not_fit_the_commands_are_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, says: str
) -> None:
    notes = tmp_path / "commands.toml"
    notes.write_text(commands.NOTES.read_text().replace(before, after, 1))
    monkeypatch.setattr(commands, "NOTES", notes)
    with pytest.raises(ValueError, match=says):
        commands.pages()
