"""What a command comes down to: which one starts jobs by the clock, and which words tell its work."""

import pytest

from formation_cli.dialects import programs, shell


@pytest.mark.parametrize(
    "line",
    [
        "celery -A shop beat",
        "celery beat -A shop -l info",
        "celery --app=shop --loglevel info beat -S django",
        "celery -q -A shop --skip-checks beat",
        "celery -Ashop beat --pidfile=",
        "celery -A shop worker -B -l info",
        "celery -A shop worker --concurrency 2 --beat",
        "exec celery -A $APP beat",
        "python -m celery -A shop beat",
        "poetry run celery -A shop beat",
        "/app/.venv/bin/celery -A shop beat",
        "cd src && celery -A shop beat",
        "TZ=UTC celery -A shop beat > /dev/stdout",
        "bash -c 'celery -A shop beat'",
        "bundle exec clockwork config/clock.rb",
        "php artisan schedule:work",
        "php -d memory_limit=512M artisan schedule:work --verbose",
        "python manage.py runapscheduler",
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
        "celery -A shop worker",
        "celery -A beat worker",
        "celery --app beat worker -Q beat",
        "celery -A shop worker -Q beat -n beat",
        "celery -A shop flower",
        "python beat.py",
        "taskiq worker shop:broker",
        "php artisan queue:work",
        "python manage.py runserver",
        "sidekiq -C config/clock.yml",
        "echo celery beat",
        "celery",
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


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("python -m pretalx clearsessions", "clearsessions"),
        ("python -m shop.report --all", "shop report all"),
        ("python -m backup", "backup"),
        ("python manage.py send_reminders --days 7", "send reminders days 7"),
        ("/usr/bin/python3 -u /app/manage.py clearsessions", "clearsessions"),
        ("cd /app && TZ=UTC python manage.py clearsessions", "clearsessions"),
        ("(cd /app && ./bin/sweep)", "sweep"),
        ("/bin/sh -c 'echo nightly; sleep 5'", "echo nightly"),
        ("php artisan queue:prune >> /dev/null 2>&1", "queue prune"),
        ("backup 2>&1", "backup"),
        ("report && curl -fsS https://example.com/ping?a=1", "report"),
        ("rails runner 'Report.run; Report.send'", "report run report send"),
        ("> x", ""),
        ("bash -lc 'cd /app; exec bin/rails runner Report.nightly'", "report nightly"),
        ("bundle exec rake db:cleanup", "db cleanup"),
        ("php artisan schedule:run", "schedule run"),
        ("npm run nightly-report", "nightly report"),
        ("node scripts/cleanup.js", "cleanup"),
        ("/app/bin/backup.sh daily", "backup daily"),
        ("timeout 60 /shop report --all", "shop report all"),
        ("sweep | tee log", "sweep tee log"),
        ("rake", "rake"),
        ("python -c 'print(1)'", "python c print 1"),
        ("it's", "it s"),
        ("Ärger", "rger"),
        ("«»", ""),
        ("cd /app", "cd app"),
    ],
)
def test_the_words_that_tell_are_those_behind_what_starts_a_program(line: str, told: str) -> None:
    assert " ".join(programs.telling(line)) == told
