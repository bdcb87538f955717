"""The commands of the page for a backup and a restore, typed as they stand: all uids are new then."""

import pathlib
import shutil

import pytest

from hack.cluster import paths
from tests.e2e import pages
from tests.live import releases
from tests.live.client import COLLECTED, Client, eventually, throughout
from tests.live.plugin import Plugin
from tests.live.releases import RELEASE
from tests.shared.builders import a_formation, a_process

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


def test_after_a_restore_the_release_command_runs_before_any_process_and_the_next_secret_is_owned(
    user: Client, formation: Plugin, tmp_path: pathlib.Path
) -> None:
    user.apply(SHOP)
    releases.succeeded(user)
    formation.within("config", "set", "shop", "--secret", "TOKEN", stdin=TOKEN)
    user.reported()
    releases.succeeded(user)
    eventually(lambda: sorted(each["revision"] for each in user.list_all(REVISION)) == [1, 2])
    typed(formation, BACK_UP, tmp_path)
    user("delete", "formation", "shop")
    eventually(lambda: not any(user.list_all(kind) for kind in KINDS), patience=COLLECTED)

    typed(formation, RESTORE, tmp_path)

    releases.state(user, "Running")
    assert throughout(2, lambda: user.list_all("deployment")) == []
    releases.succeeded(user)
    (secret,) = user.list_all("secret")
    assert user.container()["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    assert "ownerReferences" not in secret["metadata"]
    states = [line.split()[2] for line in formation.within("history", "shop").stdout.splitlines()[1:]]
    assert states == ["Runs", "Not"]

    formation.within("config", "set", "shop", "--secret", "KEY", stdin="x")
    releases.succeeded(user)
    (source,) = user.container()["envFrom"]
    secret = user.get("secret", source["secretRef"]["name"])
    assert set(secret["data"]) == {"TOKEN", "KEY"}
    (owner,) = secret["metadata"]["ownerReferences"]
    assert owner["uid"] == user.get("formation", "shop")["metadata"]["uid"]
