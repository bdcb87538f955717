"""The cron entries of an app.json become schedules."""

import json
import pathlib
from typing import Any

import yaml

from formation_cli.dialects import names
from tests.unit.cli.typed import run

IMAGE = "--image registry.example.com/shop:v1"
REPORT = {"command": "/shop report --all", "schedule": "0 3 * * *"}


FILES = {"Procfile": "web: serve\nworker: work\n"}


def schedules(text: str) -> Any:
    return yaml.safe_load(text)["spec"]["schedules"]


def test_import_takes_them_from_app_json(folder: pathlib.Path) -> None:
    sweep = {"command": "sweep | tee log", "schedule": "@daily", "maintenance": True}
    described = {"name": "shop", "cron": [REPORT, {**sweep, "concurrency_policy": "allow"}]}
    (folder / "app.json").write_text(json.dumps(described))
    assert schedules(run(f"import heroku app.json --procfile Procfile {IMAGE}").stdout) == {
        "cron-1": {"schedule": "0 3 * * *", "command": ["/shop", "report", "--all"]},
        "cron-2": {
            "schedule": "@daily",
            "command": ["/bin/sh", "-c", "sweep | tee log"],
            "concurrencyPolicy": "Allow",
            "suspend": True,
        },
    }


def test_init_takes_them_from_the_app_json_beside_the_procfile_and_numbers_them(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("web: serve\ncron-2: work\n")
    (folder / "app.json").write_text(json.dumps({"cron": [REPORT] * 32}))
    longest = "s" * (names.LONGEST_CHILD - len("-cron-2"))
    run(f"init --name {longest} {IMAGE}")
    found = [*schedules((folder / "formation.yaml").read_text())]
    assert found == ["cron-1", *(f"cron-{number}" for number in range(3, 34))]


def test_local_and_systemd_say_what_they_leave_out(folder: pathlib.Path) -> None:
    (folder / "app.json").write_text(json.dumps({"cron": [REPORT]}))
    run(f"init --name shop {IMAGE}")
    assert "Left out: spec.schedules\n" in run("export systemd -f formation.yaml").stderr
    assert "Left out: spec.schedules\n" in run("export procfile -f formation.yaml").stderr
    assert "Left out: spec.schedules" in run("export heroku -f formation.yaml").stderr
