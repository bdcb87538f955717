"""Heroku's files, as they are typed for."""

import json
import pathlib
from typing import Any

import yaml
from click.testing import Result

from formation_cli import failures
from formation_cli.dialects import names
from tests.unit.cli.typed import run

IMAGE = "--image registry.example.com/shop:v1"
DYNOS = [
    {"type": "web", "quantity": 2, "size": "Standard-1X"},
    {"type": "worker", "quantity": 1, "size": "Standard-2X"},
]


FILES = {
    "formation.json": json.dumps(DYNOS),
    "Procfile": "web: serve\nworker: work\nclock: tick\nrelease: migrate\n",
}


def imported(words: str, code: int = 0) -> Result:
    return run(f"import heroku {IMAGE} {words}", code)


def test_app_json_the_api_and_a_procfile_make_one_formation(folder: pathlib.Path) -> None:
    app = {"name": "shop", "env": {"A": "1", "B": "2", "PORT": "5000"}, "formation": {"web": {"quantity": 9}}}
    (folder / "app.json").write_text(json.dumps(app))
    (folder / ".env").write_text("B=3\n")
    result = imported("app.json formation.json --procfile Procfile --env .env -m worker=4")
    assert "&id" not in result.stdout  # people read it: each value is written out
    formation = yaml.safe_load(result.stdout)
    assert formation["metadata"]["name"] == "shop"
    assert formation["spec"]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    assert "Left out: PORT: the operator sets it" in result.stderr
    counts = {name: each.get("replicas") for name, each in formation["spec"]["processes"].items()}
    assert counts == {"web": 2, "worker": 4, "clock": None}
    singletons = {name: each.get("singleton") for name, each in formation["spec"]["processes"].items()}
    assert singletons == {"web": None, "worker": None, "clock": True}
    assert "clock: singleton, because two processes of it would start each job twice" in result.stderr
    assert formation["spec"]["processes"]["worker"]["resources"]["limits"] == {"memory": "1Gi"}
    assert formation["spec"]["release"] == {"command": ["migrate"]}


def test_the_shape_comes_back(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("web: serve\nworker: work\n")
    there = imported("formation.json --procfile Procfile --name shop")
    back = run("export heroku -f - -o json", stdin=there.stdout)
    assert json.loads(back.stdout) == DYNOS


def test_a_type_without_a_command_is_asked_for() -> None:
    result = imported("formation.json --name shop", failures.MISTYPED)
    assert "What should web, worker run?" in result.stderr
    assert "--procfile" in result.stderr


REPORT = {"command": "/shop report --all", "schedule": "0 3 * * *"}


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
