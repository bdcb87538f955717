"""Which process types start jobs by the clock."""

import pytest

from formation_cli.dialects import programs, shell


@pytest.mark.parametrize(
    "line",
    [
        "celery --app=shop --loglevel info beat -S django",
        "celery -q -A shop --skip-checks beat",
        "celery -Ashop beat --pidfile=",
        "celery -A shop worker -B -l info",
        "celery -A shop worker --concurrency 2 --beat",
        "exec celery -A $APP beat",
        "python -m celery -A shop beat",
        "/app/.venv/bin/celery -A shop beat",
        "cd src && celery -A shop beat",
        "TZ=UTC celery -A shop beat > /dev/stdout",
        "bash -c 'celery -A shop beat'",
        "bundle exec clockwork config/clock.rb",
        "php -d memory_limit=512M artisan schedule:work --verbose",
        "python3 -u manage.py runapscheduler",
        "taskiq scheduler shop:scheduler",
        "supercronic /app/crontab",
        "/usr/sbin/crond -f",
    ],
)
def test_what_starts_jobs_by_the_clock_is_known_by_its_command(line: str) -> None:
    assert programs.is_clock("ticker", shell.words(line, port=False))


@pytest.mark.parametrize(
    "line",
    [
        "celery -A beat worker",
        "celery --app beat worker -Q beat",
        "python beat.py",
        "php artisan queue:work",
        "echo celery beat",
        "celery -A",
        "",
    ],
)
def test_what_does_not_is_an_ordinary_command(line: str) -> None:
    assert not programs.is_clock("worker", shell.words(line, port=False))


@pytest.mark.parametrize("name", ["clock", "beat", "scheduler", "cron", "celery-beat", "clock2"])
def test_what_starts_jobs_by_the_clock_is_known_by_its_name(name: str) -> None:
    assert programs.is_clock(name, ["/shop", "anything"])


@pytest.mark.parametrize("name", ["web", "worker", "clockmaker", "beat-worker", "upbeat", "scheduler-api"])
def test_a_name_that_only_contains_such_a_word_says_nothing(name: str) -> None:
    assert not programs.is_clock(name, ["/shop", "anything"])
