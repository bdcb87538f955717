"""A deploy with a release, as it is typed: its log, its failure, and the way back."""

import pytest

from hack.images import debian
from tests.e2e.scripts import GREETS, shop_of
from tests.live.client import Client
from tests.live.plugin import Plugin
from tests.shared import builders

pytestmark = pytest.mark.node


def shop_with(release: str, **spec: object) -> builders.Manifest:
    """Return a Formation whose web runs, and whose release is a script."""
    formation = shop_of(web=GREETS)
    formation["spec"] |= spec
    formation["spec"]["release"] = {"command": ["/bin/sh", "-c", release]}
    return formation


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with a Formation that runs, and whose release would succeed."""
    person.ready(shop_with("echo migrated $STEP"))
    return person


def test_a_deploy_shows_what_its_release_writes_and_so_do_logs_and_release(
    shop: Client, formation: Plugin
) -> None:
    done = formation("config", "set", "shop", "STEP=one", "--wait")
    assert done.stderr.count("| migrated one\n") == 1
    first, line = formation("logs", "shop", "release").stdout.splitlines()
    assert first.partition(" | ")[2].strip() == "migrated"  # that of the first deploy, whose Job is kept
    assert line.startswith("release.")
    assert line.endswith("| migrated one")
    assert line in formation("logs", "shop").stdout.splitlines()
    said, *lines = formation("release", "shop").stdout.splitlines()
    assert "the release command has succeeded" in said
    assert lines == [line]
    assert "run" not in formation("ps", "shop").stdout


def test_a_release_that_fails_ends_the_wait_with_its_last_words_and_takes_itself_back(
    shop: Client, formation: Plugin
) -> None:
    shop("wait", "--for=jsonpath={.status.revision.ready}=true", "formation/shop", "--timeout=2m")
    failing = shop_with("echo no database; exit 3")
    shop.apply(failing)
    shop("wait", "--for=jsonpath={.status.release.state}=Failed", "formation/shop", "--timeout=60s")
    words = ("deploy", "shop", "--image", debian.IMAGE.name.removesuffix(":latest"))
    failed = formation(*words, "--wait", code=1)
    assert failed.stderr.count("| no database\n") == 1
    assert "Error: shop isn't ready, and waiting won't help." in failed.stderr
    assert "Old processes keep running: web=1." in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("To go back: kubectl formation rollback shop")
    same = formation(*words, "--wait", "--rollback-on-failure", code=1)
    assert "The deploy has changed nothing, so nothing is rolled back" in same.stderr
    words = ("deploy", "shop", "--image", debian.IMAGE.name)
    back = formation(*words, "--wait", "--rollback-on-failure", code=1)
    assert "shop is back at revision" in back.stderr
