"""The repository's own rules."""

import ast
import operator
import pathlib
import re

import pytest

from tests.cluster import paths

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


def test_a_profile_says_how_many_inputs_each_property_test_tries() -> None:
    fixed = [
        str(path)
        for path in (paths.ROOT / "tests" / "unit").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "max_examples"
    ]
    assert fixed == []


def test_our_folder_does_not_hide_the_standard_library() -> None:
    assert not (paths.ROOT / "operator" / "__init__.py").exists()
    assert operator.__file__ is not None
    assert not operator.__file__.startswith(str(paths.ROOT / "operator"))


def test_what_tests_share_is_in_no_module_of_tests_or_fixtures() -> None:
    modules = {path: imported(path) for path in (paths.ROOT / "tests").rglob("*.py")}
    assert pathlib.Path(__file__) in modules
    wrong = {str(path): name for path, names in modules.items() for name in names if OF_TESTS.fullmatch(name)}
    assert wrong == {}


def test_a_test_that_hangs_is_ended_and_a_unit_test_sooner(request: pytest.FixtureRequest) -> None:
    limit = request.node.get_closest_marker("timeout")
    assert 0 < limit.args[0] < float(request.config.getini("timeout"))
