"""ConfigMaps and Secrets as kubectl names them: ``secret/shop``, ``cm/shop``."""

from typing import Any, NamedTuple

import click

CONFIG_MAP, SECRET = "ConfigMap", "Secret"
WORDS = {
    **dict.fromkeys(("configmap", "configmaps", "cm"), CONFIG_MAP),
    **dict.fromkeys(("secret", "secrets"), SECRET),
}


class Source(NamedTuple):
    """An object that processes get variables or files from."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.kind.lower()}/{self.name}"


class SourceType(click.ParamType[Source]):
    """Reads a word such as ``secret/shop``."""

    name = "kind/name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Source:
        """Return what is meant; ends with `click.BadParameter` for anything else."""
        if isinstance(value, Source):
            return value
        word, _, name = str(value).partition("/")
        kind = WORDS.get(word.lower())
        if kind is None or not name or "/" in name:
            self.fail(f"{value!r:.100} isn't secret/NAME or configmap/NAME", param, ctx)
        return Source(kind, name)


SOURCE = SourceType()
