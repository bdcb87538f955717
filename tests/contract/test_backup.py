"""The commands of the page for a backup and a restore, typed as they stand: all uids are new then."""

import pathlib
import re
import shutil

import pytest

from tests import releases
from tests.builders import Manifest, a_formation, a_process
from tests.client import COLLECTED, Client, eventually, throughout
from tests.cluster import paths
from tests.e2e import pages
from tests.plugin import Plugin
from tests.releases import RELEASE

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="the page's commands need jq")

PAGE = (paths.ROOT / "docs" / "how-to" / "administer.md").read_text()
BACK_UP, RESTORE = (text for kind, text in pages.blocks(PAGE) if kind == "sh" and ".json" in text)
REVISION = "controllerrevisions.apps"
KINDS = ("formation", "deployment", "replicaset", "pod", "job", "secret", REVISION)
TOKEN = "hunter2-hunter2"  # it opens nothing
SHOP = a_formation(image="shop:v1", release=RELEASE, processes={"worker": a_process(replicas=1)})


def typed(formation: Plugin, commands: str, folder: pathlib.Path) -> None:
    """Type commands as a page has them, but in one namespace: others' objects are there, too."""
    here = commands.replace(" --all-namespaces", "")
    done = pages.typed(here, folder, formation.environment())
    assert done.returncode == 0, done.stderr


def secrets(user: Client) -> list[Manifest]:
    return user.list_all("secret")


@pytest.fixture
def saved(user: Client, formation: Plugin, tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder of a backup of two deploys and a secret variable, of which nothing is there any more."""
    user.apply(SHOP)
    releases.succeeded(user)
    formation("config", "set", "shop", "--secret", "TOKEN", stdin=TOKEN)
    user.reported()
    releases.succeeded(user)
    eventually(lambda: sorted(each["revision"] for each in user.list_all(REVISION)) == [1, 2])
    typed(formation, BACK_UP, tmp_path)
    user("delete", "formation", "shop")
    eventually(lambda: not any(user.list_all(kind) for kind in KINDS), patience=COLLECTED)
    return tmp_path


@pytest.mark.parametrize("revisions", [False, True], ids=["without revisions", "with revisions"])
def test_after_a_restore_the_release_command_runs_before_any_process(
    user: Client, formation: Plugin, saved: pathlib.Path, revisions: bool
) -> None:
    commands = RESTORE if revisions else re.sub(".*revisions.json.*\n", "", RESTORE)
    assert (commands == RESTORE) is revisions
    typed(formation, commands, saved)

    releases.state(user, "Running")
    assert throughout(3, lambda: user.list_all("deployment")) == []

    releases.succeeded(user)
    (secret,) = secrets(user)
    assert user.container()["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    assert "ownerReferences" not in secret["metadata"]
    states = [line.split()[2] for line in formation("history", "shop").stdout.splitlines()[1:]]
    assert states == (["Runs", "Not"] if revisions else ["Runs"])


def test_the_next_change_of_a_secret_variable_moves_all_to_a_secret_that_the_formation_owns(
    user: Client, formation: Plugin, saved: pathlib.Path
) -> None:
    typed(formation, RESTORE, saved)
    releases.succeeded(user)

    formation("config", "set", "shop", "--secret", "KEY", stdin="x")
    releases.succeeded(user)

    (source,) = user.container()["envFrom"]
    secret = user.get("secret", source["secretRef"]["name"])
    assert set(secret["data"]) == {"TOKEN", "KEY"}
    (owner,) = secret["metadata"]["ownerReferences"]
    assert owner["uid"] == user.get("formation", "shop")["metadata"]["uid"]


def test_going_back_to_a_restored_revision_runs_the_release_command(
    user: Client, formation: Plugin, saved: pathlib.Path
) -> None:
    typed(formation, RESTORE, saved)
    releases.succeeded(user)
    restored = formation("history", "shop").stdout.splitlines()[-1].split()[0]

    formation("rollback", "shop", "--to", restored)

    releases.state(user, "Running")
    releases.succeeded(user)
    assert "envFrom" not in user.container()


def test_a_secret_that_comes_back_with_the_owner_it_had_is_deleted_and_its_absence_is_said(
    user: Client, formation: Plugin, tmp_path: pathlib.Path
) -> None:
    user.apply(SHOP)
    releases.succeeded(user)
    formation("config", "set", "shop", "--secret", "TOKEN", stdin=TOKEN)
    releases.succeeded(user)
    typed(formation, BACK_UP.replace(', "ownerReferences"', ""), tmp_path)
    user("delete", "formation", "shop")
    eventually(lambda: not any(user.list_all(kind) for kind in KINDS), patience=COLLECTED)

    typed(formation, re.sub(".*(revisions|formations).json.*\n", "", RESTORE), tmp_path)

    eventually(lambda: not secrets(user), patience=COLLECTED)
