"""A Formation of the cluster in the words of others: as the API server gives it back."""

import pathlib

import pytest

from tests import builders
from tests.client import Client
from tests.plugin import Plugin

LIMITS = {"limits": {"memory": "512Mi", "cpu": "500m"}}
FORMATION = builders.a_formation(
    env=[{"name": "GREETING", "value": "hello $$(NOBODY)"}],
    processes={
        "web": builders.a_process("/shop", "web", "-p", "$(PORT)", port=8080, replicas=2, resources=LIMITS),
        "worker": builders.a_process("/shop", "work", replicas=1),
    },
)


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation in the cluster."""
    user.apply(FORMATION)
    return user


@pytest.mark.parametrize("what", ["procfile", "heroku", "systemd"])
def test_it_is_the_same_as_from_its_manifest(
    shop: Client, formation: Plugin, tmp_path: pathlib.Path, what: str
) -> None:
    (tmp_path / "shop.json").write_text(builders.text(FORMATION))
    exported, of_file = (
        formation.within("export", what, *source)
        for source in (("shop",), ("-f", str(tmp_path / "shop.json")))
    )
    assert exported.stdout == of_file.stdout
    assert exported.stderr == of_file.stderr
    assert "web" in exported.stdout


def test_what_is_exported_comes_back_as_the_same_formation(
    shop: Client, formation: Plugin, tmp_path: pathlib.Path
) -> None:
    env, procfile = tmp_path / "env", tmp_path / "Procfile"
    procfile.write_text(formation.within("export", "procfile", "shop", "--env", str(env)).stdout)
    app = ("--name", "shop", "--image", builders.IMAGE, "--env", str(env), "-m", "web=2,worker=1")
    (tmp_path / "back.yaml").write_text(formation.within("import", "procfile", str(procfile), *app).stdout)
    changed = formation.within("diff", "-f", str(tmp_path / "back.yaml"), code=1).stdout
    lost = [line for line in changed.splitlines() if line.startswith("-  ")]
    assert [line.split(":")[0].strip("- ") for line in lost] == ["resources", "limits", "cpu", "memory"]
