"""Every dependency has a licence that is allowed."""

from hack.packaging import licences


def test_each_dependency_has_a_licence_that_is_allowed() -> None:
    wrong = {
        name for name, row in licences.rows().items() if not licences.named(row.licence) <= licences.ALLOWED
    }
    assert wrong == set()


def test_a_licence_is_looked_up_only_for_what_is_locked() -> None:
    assert {*licences.BY_HAND} <= {*licences.locked()}
