import pytest
from kubernetes.utils.quantity import parse_quantity

from formation_cli.words import values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("500ms", 0.5), ("1d12h", 129600)],
)
def test_durations_are_kubectls_and_may_have_days(text: str, seconds: float) -> None:
    assert values.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "5x", "m5", "5m!", "-5m", "1h 30m", "5" * 40])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a duration"):
        values.seconds(text)


def test_a_size_names_cpu_and_memory() -> None:
    assert values.size("cpu=500m,memory=2Gi") == {"cpu": "500m", "memory": "2Gi"}


@pytest.mark.parametrize("text", ["", "2Gi", "cpu", "cpu=", "cpu=x", "disk=1Gi", "cpu=1;memory=2Gi"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a size"):
        values.size(text)


def test_a_size_says_each_of_them_once() -> None:
    with pytest.raises(ValueError, match="cpu is named twice"):
        values.size("cpu=1,cpu=2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("1", 1), ("1.5", 1.5), (".5", 0.5), ("100m", 0.1), ("1500000n", 0.0015), ("2u", 0.000002)),
        *(("1k", 1000), ("2Ki", 2048), ("1.5Gi", 1.5 * 2**30), ("1E", 10**18), ("1Ei", 2**60)),
        *(("1e3", 1000), ("1E3", 1000), ("12e-3", 0.012), (0.5, 0.5), (2, 2)),
    ],
)
def test_a_quantity_is_as_much_as_kubernetes_takes_it_for(text: str | float, expected: float) -> None:
    assert float(values.number(text)) == pytest.approx(expected)
    assert values.number(text) == parse_quantity(text)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "text", ["", "-5", "1K", "1mi", "1e29", "999999999999999E", "1.2.3", "NaN", "1" * 40, None, {}]
)
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="isn't a quantity"):
        values.number(text)
