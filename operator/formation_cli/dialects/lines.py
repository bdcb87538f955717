"""The lines of a file that people write by hand: some are empty, some are comments."""

from collections.abc import Iterator


def meant(text: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield each line that says something, after its place in words: ``Procfile, line 3``."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield f"{file}, line {number}", stripped
