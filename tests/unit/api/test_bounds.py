"""How large a Formation may be."""

import pytest

from formation_operator.api import bounds, formation
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit import facts, largest


def spec(*, own: int = 0, shared: int = 0, types: int = 1) -> Manifest:
    """Return a spec of so many bytes and a few hundred more, some of each type and some for all."""
    processes = {f"t{index}": a_process("x" * (own // types)) for index in range(types)}
    spec: Manifest = a_formation(processes=processes, env=[{"name": "A", "value": "x" * shared}])["spec"]
    return spec


@pytest.mark.parametrize(
    "fits",
    [
        pytest.param(spec(), id="a small one"),
        pytest.param(spec(own=250_000), id="large"),
        pytest.param(spec(own=200_000, types=formation.MOST_TYPES), id="many types"),
        pytest.param(spec(shared=250_000, types=8), id="shared by few"),
        pytest.param(spec(shared=60_000, types=formation.MOST_TYPES), id="shared by many"),
        pytest.param({}, id="no spec"),
        pytest.param({"processes": None}, id="no types"),
    ],
)
def test_a_formation_of_a_common_size_is_rendered(fits: Manifest) -> None:
    bounds.check(fits)


@pytest.mark.parametrize(
    ("too_large", "words"),
    [
        (spec(own=270_000), r"spec has 26\d KiB as JSON, more than 256 KiB"),
        (spec(own=135_000, shared=135_000), r"spec has 26\d KiB as JSON"),
        (
            spec(shared=80_000, types=formation.MOST_TYPES),
            r"79 KiB that are shared by 32 process types are too much: 2048 KiB",
        ),
    ],
    ids=["one type", "both", "shared by many"],
)
def test_one_that_is_too_large_is_told_by_how_much(too_large: Manifest, words: str) -> None:
    with pytest.raises(bounds.TooLargeError, match=words):
        bounds.check(too_large)


def test_letters_count_as_they_are_sent() -> None:
    assert bounds.size({"a": "ü"}) == len('{"a":"ü"}'.encode())
    assert bounds.size("\ud800") == 3  # no text that the API server gives, and no reason to end a watch


@pytest.mark.parametrize("shape", largest.SHAPES, ids=lambda shape: shape.__name__)
def test_what_is_rendered_is_about_as_large_as_it_is_said_to_be(shape: largest.Shape) -> None:
    formation = largest.within_bounds(shape)
    declared = bounds.size(formation["spec"])
    rendered = sum(bounds.size(each.manifest) for each in facts.intents(facts.parsed(formation)))
    assert declared > 60_000
    assert rendered < 1.2 * bounds.MOST_RENDERED
