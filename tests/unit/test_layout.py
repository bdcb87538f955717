"""The repository's own rules."""

import operator

from tests.cluster import paths


def test_our_folder_does_not_hide_the_standard_library() -> None:
    assert not (paths.ROOT / "operator" / "__init__.py").exists()
    assert operator.__file__ is not None
    assert not operator.__file__.startswith(str(paths.ROOT / "operator"))
