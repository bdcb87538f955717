"""A deploy with a release, as it is typed: its log, its failure, and the way back."""

import pytest

from tests.client import Client
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.images import debian
from tests.plugin import Plugin

pytestmark = pytest.mark.node


def shop_with(release: str) -> dict[str, object]:
    """Return a Formation whose web runs, and whose release is a script."""
    formation = shop_of(web=GREETS)
    formation["spec"]["release"] = {"command": ["/bin/sh", "-c", release]}
    return formation


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with a Formation that runs, and whose release would succeed."""
    person.apply(shop_with("echo migrated $STEP"))
    person(*READY)
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
    failing = shop_with("echo no database; exit 3")
    shop.apply(failing)
    shop("wait", "--for=jsonpath={.status.release.state}=Failed", "formation/shop", "--timeout=60s")
    words = ("deploy", "shop", "--image", debian.IMAGE.name.removesuffix(":latest"))
    failed = formation(*words, "--wait", code=1)
    assert failed.stderr.count("| no database\n") == 1
    assert "Error: shop isn't ready, and waiting won't help." in failed.stderr
    assert "Old processes keep running: web=1." in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("To go back: kubectl formation rollback shop")
    back = formation(*words, "--wait", "--rollback-on-failure", code=1)
    assert "shop is back at what was revision" in back.stderr


def test_a_release_is_followed_until_it_has_ended(shop: Client, formation: Plugin) -> None:
    shop.apply(shop_with("for n in 1 2 3; do echo step $n; sleep 1; done"))
    done = formation("release", "shop", "-f").stdout.splitlines()
    assert [line.partition("| ")[2] for line in done if "| " in line] == ["step 1", "step 2", "step 3"]
    assert "the release command has succeeded" in done[-1]


def test_a_rollback_beside_a_release_names_its_job_and_restarts_nothing(
    shop: Client, formation: Plugin
) -> None:
    before = formation("ps", "shop", "web", "-o", "name").stdout
    shop.apply(shop_with("trap 'exit 1' TERM; while :; do sleep 0.2; done"))
    running = "--for=jsonpath={.status.release.state}=Running"
    shop("wait", running, "formation/shop", "--timeout=60s")
    released = ("pod", "--selector=formations.dev/release")
    job = shop("get", "formation/shop", "--output=jsonpath={.status.release.job}").stdout
    shop("wait", "--for=condition=Ready", *released, f"--selector=job-name={job}", "--timeout=60s")
    runs = f"The release command of an earlier deploy still runs, in Job {job}."
    said = f"{runs} To end it: kubectl delete job {job}"
    for how in ("--dry-run", "--wait"):
        back = formation("rollback", "shop", "--to", "1", how).stderr.splitlines()
        assert said in back
        assert not [line for line in back if line.startswith("web:")]
    for look in ("ps", "release"):
        assert said in formation(look, "shop").stderr.splitlines()
    assert formation("ps", "shop", "web", "-o", "name").stdout == before
    shop("delete", "job", job)
    for look in ("ps", "release"):
        assert job not in formation(look, "shop").stderr
