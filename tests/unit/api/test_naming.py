"""Names by which other clients know what is ours."""

from formation_operator.api import naming


def test_flux_strips_nothing_that_a_field_manager_of_ours_has_set() -> None:
    managers = {value for name, value in vars(naming).items() if name.endswith("_MANAGER")}
    assert len(managers) == 2
    assert not [each for each in managers if each.startswith("kubectl")]
