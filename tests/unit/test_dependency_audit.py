"""Every dependency has a licence that is allowed."""

import pytest

from tests.release import licences


def test_the_page_of_dependencies_lists_what_is_locked_and_what_for() -> None:
    assert {name: row.use for name, row in licences.rows().items()} == licences.locked()


@pytest.mark.parametrize(("name", "row"), sorted(licences.rows().items()))
def test_a_dependency_has_a_licence_that_is_allowed(name: str, row: licences.Row) -> None:
    assert licences.named(row.licence) <= licences.ALLOWED


def test_the_licences_are_those_that_the_packages_themselves_name() -> None:
    rows = licences.rows()
    assert {name: rows[name].licence for name in licences.installed()} == licences.installed()
