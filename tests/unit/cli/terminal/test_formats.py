"""YAML that every parser reads as it was meant."""

import pytest
import yaml

from formation_cli.terminal import formats


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\u2028"])
def test_what_cant_be_seen_is_escaped(letter: str) -> None:
    value = {"a": f"x{letter}y", f"b{letter}": "grün", "c": f"two\nlines{letter}", "d": "grün\nblau\n"}
    text = formats.as_yaml(value)
    assert letter not in text
    assert yaml.safe_load(text) == value
