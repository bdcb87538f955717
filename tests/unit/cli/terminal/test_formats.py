"""YAML that every parser reads as it was meant."""

import pytest
import yaml

from formation_cli.terminal import formats, screen


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\u2028"])
def test_what_cant_be_seen_is_escaped(letter: str) -> None:
    value = {"a": f"x{letter}y", f"b{letter}": "grün", "c": f"two\nlines{letter}", "d": "grün\nblau\n"}
    text = formats.as_yaml(value)
    assert letter not in text
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    "text", ["1e3", "0o17", "0x1f", ".5", "12e03", "1_000", "on", "null", "~", "2026-01-01"]
)
def test_a_text_that_some_parser_takes_for_something_else_is_in_quotes(text: str) -> None:
    assert formats.as_yaml({"a": text}) == f"a: '{text}'"


@pytest.mark.parametrize("text", ["127.0.0.1", "10m", "shop:v1", "1.2.3-rc1", "$(PORT)", "web=2"])
def test_what_everybody_takes_for_a_text_is_not(text: str) -> None:
    assert formats.as_yaml({"a": text}) == f"a: {text}"


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_a_terminal_obeys_nothing_that_is_in_a_value(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "is_terminal", lambda: True)
    text = formats.as_text({"a": "\x1b[2J\x9b2J\x7f"}, output)
    assert text.replace("\n", "").isprintable()
    assert yaml.safe_load(text) == {"a": "\x1b[2J\x9b2J\x7f"}
