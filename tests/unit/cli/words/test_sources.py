import click
import pytest

from formation_cli.words.sources import CONFIG_MAP, SECRET, SOURCE, Source


@pytest.mark.parametrize(
    ("word", "source"),
    [
        ("secret/shop", Source(SECRET, "shop")),
        ("secrets/shop", Source(SECRET, "shop")),
        ("configmap/shop", Source(CONFIG_MAP, "shop")),
        ("ConfigMap/shop", Source(CONFIG_MAP, "shop")),
        ("cm/shop", Source(CONFIG_MAP, "shop")),
    ],
)
def test_an_object_is_typed_as_for_kubectl(word: str, source: Source) -> None:
    assert SOURCE.convert(word, None, None) == source


@pytest.mark.parametrize("word", ["shop", "secret", "secret/", "/shop", "pod/shop", "secret/a/b", ""])
def test_anything_else_is_mistyped(word: str) -> None:
    with pytest.raises(click.BadParameter, match="secret/NAME or configmap/NAME"):
        SOURCE.convert(word, None, None)
