"""Variables over variables: who overrides whom, and that every reference still finds what it names."""

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from formation_operator.render import environment, pod_template
from tests.shared import builders
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import parsed

Values = dict[str, str]
NAMES = ("A", "B", "C", "D", "E")


def variables(values: Values) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def as_kubelet_resolves(items: list[dict[str, Any]]) -> Values:
    """Resolve from top to bottom; what isn't known yet stays as it is written."""
    known: Values = {}
    for item in items:
        known[item["name"]] = environment.REFERENCE.sub(
            lambda found: "$" if found[0] == "$$" else known.get(found[1], found[0]), item["value"]
        )
    return known


@pytest.mark.parametrize(
    ("base", "overlay", "order"),
    [
        pytest.param({"A": "1"}, {"B": "2"}, "A B", id="new ones come last"),
        pytest.param({"A": "1", "B": "$(A)"}, {"A": "2"}, "A B", id="an overriding one takes the place"),
        pytest.param({"A": "1"}, {"B": "2", "A": "$(B)"}, "B A", id="what it refers to moves before it"),
        pytest.param({"A": "1", "B": "2"}, {"A": "$(B)"}, "B A", id="so does one of the base"),
        pytest.param({"A": "1", "C": "3", "B": "$(C)"}, {"A": "$(B)"}, "C B A", id="with what that needs"),
        pytest.param({"A": "1"}, {"C": "3", "B": "2", "A": "$(B)$(C)"}, "B C A", id="in the order of use"),
        pytest.param({"A": "1"}, {"A": "$(B)", "B": "2"}, "A B", id="what comes later isn't seen"),
        pytest.param({"A": "1"}, {"B": "2", "A": "$$(B)"}, "A B", id="an escaped one refers to nothing"),
        pytest.param({"A": "1"}, {"B": "2", "A": "$$$(B)"}, "B A", id="after an escaped dollar sign"),
        pytest.param({"A": "1", "B": "2"}, {"A": "$(A):x"}, "A B", id="itself"),
        pytest.param({"A": "1", "B": "$(A)"}, {"A": "$(B)"}, "B A", id="each other"),
        pytest.param({"A": "1"}, {"A": "$(B)$($(C"}, "A", id="nothing that there is"),
    ],
)
def test_the_order_of_variables(base: Values, overlay: Values, order: str) -> None:
    found = environment.combined(variables(base), variables(overlay))
    assert [item["name"] for item in found] == order.split()
    values = {**base, **overlay}
    assert all(item["value"] == values[item["name"]] for item in found)


@st.composite
def declared(draw: st.DrawFn, seen: tuple[str, ...] = ()) -> Values:
    """Return variables that refer to what was declared before them."""
    values: Values = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        known = sorted({*seen, *values} - {name})
        parts = [f"$({other})" for other in known] + [f"$$({other})" for other in NAMES] + ["x"]
        values[name] = "".join(draw(st.lists(st.sampled_from(parts), max_size=3)))
    return values


@st.composite
def layers(draw: st.DrawFn) -> tuple[Values, Values]:
    base = draw(declared())
    return base, draw(declared(tuple(base)))


def as_declared(values: Values, name: str, above: tuple[str, ...] = ()) -> str:
    """Return a variable's value with every reference replaced, wherever that other variable is."""
    hypothesis.assume(name not in above)  # variables that need each other have no such value
    return environment.REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else as_declared(values, found[1], (*above, name)), values[name]
    )


@hypothesis.given(layers())
def test_every_reference_is_resolved_as_its_author_meant_it(both: tuple[Values, Values]) -> None:
    base, overlay = both
    values = {**base, **overlay}
    found = environment.combined(variables(base), variables(overlay))
    assert as_kubelet_resolves(found) == {name: as_declared(values, name) for name in values}


def test_a_port_of_ones_own_may_refer_to_another_variable() -> None:
    own = variables({"BASE": "80", "PORT": "$(BASE)80"})
    assert names(a_formation(processes={"web": a_process("/web", port=80, env=own)}))[:2] == ["BASE", "PORT"]


def names(formation: builders.Manifest) -> list[str]:
    spec = parsed(formation).spec
    (container,) = pod_template.pod_template("shop", "web", spec, spec.processes["web"])["spec"]["containers"]
    return [item["name"] for item in container["env"]]


def test_a_reference_without_an_end_is_none_however_often_it_begins() -> None:
    assert environment.references({"name": "A", "value": "$(" * 100_000}) == []
