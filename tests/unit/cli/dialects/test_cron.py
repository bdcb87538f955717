"""The cron entries of an app.json become schedules."""

import json
import pathlib
import re
from typing import Any

import pytest
import yaml

from formation_cli.dialects import app, heroku
from formation_cli.dialects.app import App, Cron
from formation_cli.failures import Mistyped
from tests.unit.cli.typed import typed as run

IMAGE = ("--image", "registry.example.com/shop:v1")
REPORT = {"command": "/shop report --all", "schedule": "0 3 * * *"}


@pytest.fixture(autouse=True)
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Procfile").write_text("web: serve\nworker: work\n")
    return tmp_path


def schedules(text: str) -> Any:
    return yaml.safe_load(text)["spec"]["schedules"]


def test_import_takes_them_from_app_json(folder: pathlib.Path) -> None:
    sweep = {"command": "sweep | tee log", "schedule": "@daily", "maintenance": True}
    described = {"name": "shop", "cron": [REPORT, {**sweep, "concurrency_policy": "allow"}]}
    (folder / "app.json").write_text(json.dumps(described))
    result = run("import", "heroku", "app.json", "--procfile", "Procfile", *IMAGE)
    assert result.exit_code == 0, result.output
    assert schedules(result.stdout) == {
        "shop-report-all": {"schedule": "0 3 * * *", "command": ["/shop", "report", "--all"]},
        "sweep-tee-log": {
            "schedule": "@daily",
            "command": ["/bin/sh", "-c", "sweep | tee log"],
            "concurrencyPolicy": "Allow",
            "suspend": True,
        },
    }
    assert "shop-report-all: spec.schedules.shop-report-all, which runs at 0 3 * * *" in result.stderr


def test_init_takes_them_from_the_app_json_beside_the_procfile(folder: pathlib.Path) -> None:
    (folder / "app.json").write_text(json.dumps({"cron": [REPORT, REPORT, {**REPORT, "command": "web"}]}))
    result = run("init", "--name", "shop", *IMAGE)
    assert result.exit_code == 0, result.output
    found = schedules((folder / "formation.yaml").read_text())
    assert [*found] == ["shop-report-all", "shop-report-all-2", "cron-web"]


def named(formation: str, *commands: str, types: tuple[str, ...] = ("web",)) -> list[str]:
    made = App(
        formation, "x", dict.fromkeys(types, "serve"), schedules=[Cron("@daily", each) for each in commands]
    )
    return [*app.formation(made)["spec"]["schedules"]]


def test_a_name_tells_the_work_and_no_word_of_it_is_cut() -> None:
    lines = {
        "python -m pretalx clearsessions": "clearsessions",
        "python -m pretalx clearsessions --all --older-than 30": "clearsessions-all-older-than",
        "/bin/sh -c 'echo nightly; sleep 5'": "echo-nightly",
        "python manage.py send_reminder_emails_to_all_customers": "send-reminder-emails-to-all",
        "«»": "cron",
        "run": "cron-run",
    }
    assert named("pretalx", *lines) == [*lines.values()]


def test_a_name_is_as_long_as_it_may_be_beside_the_formations() -> None:
    (found,) = named("s" * 30, "/shop nightly report for all customers")
    assert found == "shop-nightly-report"
    (whole,) = named("s" * 30, "/shop nightly report a")
    assert len(f"{'s' * 30}-{whole}") == 52


def test_no_two_schedules_have_the_same_name() -> None:
    lines = ["web", "cron web", "cron web", "python -m a sweep", "python -m b sweep"]
    found = named("shop", *lines, types=("web", "sweep-2"))
    assert found == ["cron-web", "cron-web-2", "cron-web-3", "sweep", "sweep-3"]
    long = named("s" * 30, *["/shop nightly report for all"] * 12)
    assert len({*long}) == len(long)
    assert all(len(f"{'s' * 30}-{each}") <= 52 for each in long)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("* * * * *", "app.json: cron: Input should be a valid array"),
        (["* * * * *"], "app.json: cron.0: Input should be"),
        ([REPORT, {"command": "x"}], "app.json: cron.1.schedule: Field required"),
        ([{**REPORT, "schedule": "daily"}], "cron.0.schedule: String should match"),
        ([{**REPORT, "command": ""}], "cron.0.command: String should have at least 1"),
        ([{**REPORT, "command": "a\nb"}], "cron.0.command: String should match"),
        ([{**REPORT, "concurrency_policy": "never"}], "cron.0.concurrency_policy: Input should be 'Allow'"),
        ([REPORT] * 33, "cron: List should have at most 32 items"),
    ],
)
def test_what_is_none_is_said_with_its_place(entries: Any, says: str) -> None:
    with pytest.raises(Mistyped, match=re.escape(says)):
        heroku.entries(json.dumps({"cron": entries}), "app.json")


def test_a_name_that_is_too_long_with_the_formations_is_refused(folder: pathlib.Path) -> None:
    (folder / "app.json").write_text(json.dumps({"cron": [{**REPORT, "command": "x" * 99}]}))
    result = run("init", "--name", "s" * 30, *IMAGE)
    assert result.exit_code != 0
    assert "more than 52 characters" in result.stderr


def test_local_and_systemd_say_what_they_leave_out(folder: pathlib.Path) -> None:
    (folder / "app.json").write_text(json.dumps({"cron": [REPORT]}))
    run("init", "--name", "shop", *IMAGE)
    result = run("export", "systemd", "-f", "formation.yaml")
    assert "Left out: spec.schedules\n" in result.stderr
    assert "Left out: spec.schedules\n" in run("export", "procfile", "-f", "formation.yaml").stderr
    assert "Left out: spec.schedules" in run("export", "heroku", "-f", "formation.yaml").stderr
