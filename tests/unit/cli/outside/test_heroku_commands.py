"""Heroku's files, as they are typed for."""

import json
import pathlib

import yaml
from click.testing import Result

from formation_cli import failures
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
    app = {"name": "shop", "env": {"A": "1", "B": "2"}, "formation": {"web": {"quantity": 9}}}
    (folder / "app.json").write_text(json.dumps(app))
    (folder / ".env").write_text("B=3\n")
    result = imported("app.json formation.json --procfile Procfile --env .env -m worker=4")
    assert "&id" not in result.stdout  # people read it: each value is written out
    formation = yaml.safe_load(result.stdout)
    assert formation["metadata"]["name"] == "shop"
    assert formation["spec"]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    counts = {name: each.get("replicas") for name, each in formation["spec"]["processes"].items()}
    assert counts == {"web": 2, "worker": 4, "clock": None}
    singletons = {name: each.get("singleton") for name, each in formation["spec"]["processes"].items()}
    assert singletons == {"web": None, "worker": None, "clock": True}
    assert "clock: singleton, because two processes of it would start each job twice" in result.stderr
    assert formation["spec"]["processes"]["worker"]["resources"]["limits"] == {"memory": "1Gi"}
    assert formation["spec"]["release"] == {"command": ["migrate"]}


def test_the_port_of_an_app_json_and_of_a_file_is_left_out(folder: pathlib.Path) -> None:
    (folder / "app.json").write_text(json.dumps({"name": "shop", "env": {"PORT": "5000", "A": "1"}}))
    (folder / ".env").write_text("PORT=5000\n")
    result = imported("app.json --procfile Procfile --env .env")
    assert yaml.safe_load(result.stdout)["spec"]["env"] == [{"name": "A", "value": "1"}]
    assert "Left out: PORT of .env: the operator sets it" in result.stderr
    assert "Left out: PORT: the operator sets it" in result.stderr


def test_the_shape_comes_back(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("web: serve\nworker: work\n")
    there = imported("formation.json --procfile Procfile --name shop")
    back = run("export heroku -f - -o json", stdin=there.stdout)
    assert json.loads(back.stdout) == DYNOS


def test_a_type_without_a_command_is_asked_for() -> None:
    result = imported("formation.json --name shop", failures.MISTYPED)
    assert "What should web, worker run?" in result.stderr
    assert "--procfile" in result.stderr
