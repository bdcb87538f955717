import datetime

import pytest

from formation_cli.words import cron

NOW = datetime.datetime(2026, 11, 30, 1, 30, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "zone", "begins"),
    [
        ("0 3 * * *", "Europe/Berlin", "2026-11-30T02:00:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-12-01T01:30:00Z"),
        ("@hourly", "", "2026-11-30T02:00:00Z"),
        ("0 0 ? * SUN", "", "2026-12-06T00:00:00Z"),
        ("0 0 13 * FRI", "", "2026-12-04T00:00:00Z"),
    ],
)
def test_the_next_run_of_a_schedule_is_the_one_that_kubernetes_begins(
    expression: str, zone: str, begins: str
) -> None:
    assert cron.next_run(expression, zone, NOW) == begins


@pytest.mark.parametrize(
    ("expression", "zone"),
    [("@every 1h", ""), ("0 3 * * *", "Nowhere/At-all"), ("0 3 * * *", "../etc"), ("0 0 31 2 *", "")],
)
def test_nothing_is_said_of_a_next_run_that_is_not_known(expression: str, zone: str) -> None:
    assert cron.next_run(expression, zone, NOW) == ""
