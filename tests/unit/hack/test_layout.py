"""The repository's own rules."""

import ast
import operator
import pathlib
import re

from hack.cluster import paths

OF_TESTS = re.compile(r"(.*\.)?(test_\w+|conftest)(\..*)?")
"""The name of a module that only pytest imports, or of something in one."""


def imported(module: pathlib.Path) -> set[str]:
    """Return the name of everything that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module or ''}.{item.name}" for item in node.names}
    return names


def test_our_folder_does_not_hide_the_standard_library() -> None:
    assert not (paths.ROOT / "operator" / "__init__.py").exists()
    assert operator.__file__ is not None
    assert not operator.__file__.startswith(str(paths.ROOT / "operator"))


def test_what_tests_share_is_in_no_module_of_tests_or_fixtures() -> None:
    modules = {path: imported(path) for path in (paths.ROOT / "tests").rglob("*.py")}
    assert pathlib.Path(__file__) in modules
    wrong = {str(path): name for path, names in modules.items() for name in names if OF_TESTS.fullmatch(name)}
    assert wrong == {}
