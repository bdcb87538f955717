import click
import pytest

from formation_cli.words.sources import SOURCE


@pytest.mark.parametrize("word", ["shop", "secret", "secret/", "/shop", "pod/shop", "secret/a/b", ""])
def test_anything_else_is_mistyped(word: str) -> None:
    with pytest.raises(click.BadParameter, match="secret/NAME or configmap/NAME"):
        SOURCE.convert(word, None, None)
