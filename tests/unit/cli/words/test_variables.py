"""Which variables look secret, and which names there can be."""

import pytest

from formation_cli.failures import Mistyped
from formation_cli.words import variables


@pytest.mark.parametrize(
    "typed",
    [
        "SECRET_KEY_BASE=a",
        "db.password=a",
        "PGPASSWORD=a",
        "DATABASE_URL=a",
        "HEROKU_POSTGRESQL_URL=a",
        "STRIPE_PUBLIC_URL=https://me:hunter2@example.com",
        "BROKER=amqp://:hunter2@example.com",
        "CERT=-----BEGIN EC PRIVATE KEY-----",
    ],
)
def test_what_is_likely_to_be_secret_is_guessed(typed: str) -> None:
    assert variables.secret_ones(variables.parse([typed])) == [typed.partition("=")[0]]


@pytest.mark.parametrize("name", ["", "1A", "A B", "A/B", "-A", ".A", "É", "A" * 254, "A\n"])
def test_a_name_that_can_not_be_is_refused(name: str) -> None:
    with pytest.raises(Mistyped, match="can't be the name of a variable"):
        variables.check_name(name)


def test_a_refusal_does_not_show_a_value() -> None:
    with pytest.raises(Mistyped) as ended_with:
        variables.parse(["hunter 2=hunter2"])
    assert "hunter2" not in ended_with.value.message


@pytest.mark.parametrize(
    "typed",
    ["LOG_LEVEL=a", "STRIPE_PUBLIC_KEY=a", "MONKEY=a", "BASE_URL=https://example.com:8080/@me", "AT=a@b:c"],
)
def test_what_is_not_is_not(typed: str) -> None:
    assert variables.secret_ones(variables.parse([typed])) == []
