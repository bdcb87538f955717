import pytest

from formation_cli.words import values


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
    "text",
    [
        "",
        "x",
        "-5",
        "1K",
        "1mi",
        "1e400",
        "1e29",
        "999999999999999E",
        "1.2.3",
        "NaN",
        "inf",
        "1" * 40,
        None,
        {},
    ],
)
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="isn't a quantity"):
        values.number(text)
