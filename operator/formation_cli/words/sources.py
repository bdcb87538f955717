"""ConfigMaps and Secrets as kubectl names them: ``secret/shop``, ``cm/shop``."""

from typing import NamedTuple

from formation_cli.words.values import Word

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


def source(word: str) -> Source:
    """Return what is meant; raises `ValueError` for anything else."""
    kind, _, name = word.partition("/")
    if kind.lower() not in WORDS or not name or "/" in name:
        raise ValueError(f"{word!r:.100} isn't secret/NAME or configmap/NAME")
    return Source(WORDS[kind.lower()], name)


SOURCE = Word("kind/name", source)
