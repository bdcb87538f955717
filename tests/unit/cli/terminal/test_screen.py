import pytest

from formation_cli.terminal import screen


@pytest.mark.parametrize(("colour", "shown"), [("red", "\x1b[31mtext\x1b[0m"), ("", "text")])
def test_a_line_without_a_colour_is_written_at_a_terminal_as_it_is(
    colour: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert screen.coloured("text", colour) == shown
