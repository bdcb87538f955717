"""The commands about a Procfile, as they are typed."""

import base64
import json
import pathlib

import pytest
import yaml

from formation_cli import failures, options
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

IMAGE = "--image registry.example.com/shop:v1"


FILES = {"Procfile": "web: serve\nrelease: migrate\n"}


SECRETS = "LOG_LEVEL=info\nexport TOKEN='hunter2 $A'\nURL=redis://a:hunter2@b\nPORT=5000\n"


def test_init_writes_no_secret_into_a_file_and_prints_what_makes_it(folder: pathlib.Path) -> None:
    (folder / "my .env").write_text(SECRETS)
    result = run(f"init {IMAGE} --env 'my .env'")
    written = (folder / "formation.yaml").read_text()
    assert "hunter2" not in written
    assert "TOKEN" not in written
    assert yaml.safe_load(written)["spec"]["env"] == [{"name": "LOG_LEVEL", "value": "info"}]
    assert "Treated as secret, because of their names and values: TOKEN, URL" in result.stderr
    assert "hunter2" not in result.output
    printed = result.stderr
    first, last = (line for line in printed.splitlines() if line.startswith("  kubectl "))
    assert last == "  kubectl apply -f formation.yaml"
    command, _, applied = first.partition(" | ")
    assert applied == "kubectl apply -f -"
    made = yaml.safe_load(run(command.partition("kubectl formation ")[2]).stdout)
    (source,) = yaml.safe_load((folder / "formation.yaml").read_text())["spec"]["envFrom"]
    assert source == {"secretRef": {"name": made["metadata"]["name"]}}
    values = {name: base64.b64decode(value).decode() for name, value in made["data"].items()}
    assert values == {"TOKEN": "hunter2 $A", "URL": "redis://a:hunter2@b"}


def test_a_secret_has_all_of_its_files_but_the_port(folder: pathlib.Path) -> None:
    (folder / "one.env").write_text("A=1\nB=1\nPORT=5000\n")
    (folder / "two.env").write_text('B="2\\n3"\n')
    result = run("import secret settings --env one.env --env two.env -o json")
    made = json.loads(result.stdout)
    assert made["kind"] == "Secret"
    values = {name: base64.b64decode(value) for name, value in made["data"].items()}
    assert values == {"A": b"1", "B": b"2\n3"}
    assert "Left out: PORT of one.env, two.env" in result.stderr


@pytest.mark.parametrize(
    ("content", "key", "message"),
    [
        ("A=1", "AA", "AA isn't in .env. Did you mean A?"),
        (f"A={'x' * 140_000}", "", "A: its value is too long"),
    ],
)
def test_a_secret_that_can_not_be_is_refused(
    folder: pathlib.Path, content: str, key: str, message: str
) -> None:
    (folder / ".env").write_text(content)
    result = run(f"import secret settings --env .env {key}", failures.MISTYPED)
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_what_listens_is_no_singleton_by_its_name(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("scheduler: gunicorn scheduler.wsgi -b :$PORT\n")
    assert "singleton" not in run(f"import procfile {IMAGE}").output


def test_several_that_somebody_asks_for_are_no_singleton(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("web: serve\nclock: tick\n")
    result = run(f"import procfile {IMAGE} -m clock=2")
    assert yaml.safe_load(result.stdout)["spec"]["processes"]["clock"] == {"command": ["tick"], "replicas": 2}
    assert "singleton" not in result.output


@pytest.mark.parametrize("words", [f"init {IMAGE}", f"import procfile {IMAGE}"])
def test_the_port_of_a_file_for_foreman_is_left_out_and_that_is_said_and_no_secret_is_named(
    folder: pathlib.Path, words: str
) -> None:
    (folder / ".env").write_text("PORT=5000\nLOG_LEVEL=info\n")
    result = run(f"{words} --env .env")
    written = result.stdout or (folder / "formation.yaml").read_text()
    assert yaml.safe_load(written)["spec"]["env"] == [{"name": "LOG_LEVEL", "value": "info"}]
    assert yaml.safe_load(written)["spec"]["processes"]["web"]["port"] == 8080
    said = "Left out: PORT of .env: the operator sets it, to the port of each type that has one"
    assert result.stderr.count("PORT") == 1
    assert ("Secret" in result.output) == words.startswith("import")  # it says how to make one
    assert "envFrom" not in written
    assert said in result.stderr


def test_init_writes_nothing_over(folder: pathlib.Path) -> None:
    there = "formation.yaml"
    (folder / there).write_text("mine")
    assert f"{there} exists already" in run(f"init {IMAGE}", failures.FAILED).output
    assert (folder / there).read_text() == "mine"
    assert {each.name for each in folder.iterdir()} == {"Procfile", there}


def test_nothing_of_a_procfile_is_run(folder: pathlib.Path) -> None:
    (folder / "Procfile").write_text("web: $(touch hacked) `touch hacked`; touch hacked\n")
    (folder / ".env").write_text("A=$(touch hacked)\n")
    run(f"import procfile {IMAGE} --env .env")
    assert not (folder / "hacked").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"web: a\n" * 100_000, "more than 256 KiB"),
        (b"web: a\n\0", "line 2: not a text in UTF-8"),
        (b"web: a\nb: \xff", "line 2: not a text in UTF-8"),
        (b"web: it's", "The command of web has a quote"),
        (b"web: ''", "The program of web is empty"),
        (b"", "There is no process type"),
        (b"release: migrate", "There is no process type"),
        (b"".join(b"w%d: a\n" % number for number in range(40)), "40 process types are too many"),
    ],
)
def test_a_procfile_that_can_not_be_is_refused(folder: pathlib.Path, content: bytes, message: str) -> None:
    (folder / "Procfile").write_bytes(content)
    result = run(f"import procfile {IMAGE}", failures.MISTYPED)
    assert message in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_not_there_is_named(folder: pathlib.Path) -> None:
    (folder / "Procfile").unlink()
    result = run(f"import procfile {IMAGE}", failures.MISTYPED)
    assert "Procfile can't be read: No such file or directory." in result.stderr


@pytest.mark.parametrize(
    ("counts", "message"), [("wob=1", "Did you mean web?"), ("web+1", "write it as web=2")]
)
def test_counts_are_of_types_that_there_are(folder: pathlib.Path, counts: str, message: str) -> None:
    assert message in run(f"import procfile {IMAGE} -m {counts}", failures.MISTYPED).stderr


def test_a_formation_of_the_cluster_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {
        "image": "x",
        "processes": {"web": {"command": ["serve", "-p", "$(PORT)"], "port": 80, "replicas": 2}},
    }
    formation = {"kind": "Formation", "metadata": {"name": "shop", "uid": "1"}, "spec": spec, "status": {}}
    monkeypatch.setattr(options, "connect", lambda target: FakeCluster(Formation=[formation]))
    result = run("export procfile formation/shop")
    assert result.stdout == "web: serve -p ${PORT}\n"
    assert "Counts: -m web=2\n" in result.stderr


def test_which_formation_is_asked_for() -> None:
    assert "Which Formation?" in run("export procfile", failures.MISTYPED).stderr
