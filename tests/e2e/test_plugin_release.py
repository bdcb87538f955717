"""A deploy with a release, as it is typed: its log, its failure, and the way back."""

import json
import time

import pytest

from tests import builders
from tests.client import Client, eventually
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.images import debian
from tests.plugin import Plugin

pytestmark = pytest.mark.node
UNPULLABLE = "registry.example.com/shop:nowhere"
KEPT = {"name": "process", "imagePullPolicy": "IfNotPresent"}


def shop_with(release: str, **spec: object) -> builders.Manifest:
    """Return a Formation whose web runs, and whose release is a script."""
    formation = shop_of(web=GREETS)
    formation["spec"] |= spec
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
    assert "The deploy has changed nothing, so nothing is taken back" in same.stderr
    words = ("deploy", "shop", "--image", debian.IMAGE.name)
    back = formation(*words, "--wait", "--rollback-on-failure", code=1)
    assert "shop is back at what was revision" in back.stderr


def test_a_release_is_followed_until_it_has_ended(shop: Client, formation: Plugin) -> None:
    shop.apply(shop_with("for n in 1 2 3; do echo step $n; sleep 1; done"))
    done = formation("release", "shop", "-f").stdout.splitlines()
    assert [line.partition("| ")[2] for line in done if "| " in line] == ["step 1", "step 2", "step 3"]
    assert "the release command has succeeded" in done[-1]


def test_a_release_that_has_failed_is_tried_again_once_its_cause_is_gone(
    shop: Client, formation: Plugin
) -> None:
    shop("create", "configmap", "outside", "--from-literal=CODE=3")
    shop.apply(shop_with("exit $CODE", envFrom=[{"configMapRef": {"name": "outside"}}]))
    shop("wait", "--for=jsonpath={.status.release.state}=Failed", "formation/shop", "--timeout=60s")
    shop("patch", "configmap", "outside", "--type=merge", '--patch={"data":{"CODE":"0"}}')
    first, *_, last = formation("release", "shop", "--retry", "-f").stdout.splitlines()
    assert first == "shop: the release command runs again"
    assert "the release command has succeeded" in last
    shop(*READY)
    assert "has failed. Nothing was changed." in formation("release", "shop", "--retry", code=2).stderr


WRONG: dict[str, tuple[tuple[str, ...], builders.Manifest, str]] = {
    "an image that can't be pulled": (("deploy", "--image", UNPULLABLE), {}, "can't pull its image"),
    "an image without a name": (("deploy", "--image", "Shop:v9"), {}, "can't pull its image"),
    "a Secret that isn't there": (
        ("config", "set", "STEP=two"),
        {"envFrom": [{"secretRef": {"name": "absent"}}]},
        "there is no Secret absent",
    ),
    "a user that may not be root": (
        ("config", "set", "STEP=two"),
        {"podTemplate": {"spec": {"securityContext": {"runAsUser": 0}, "containers": [KEPT]}}},
        "podTemplate makes it run as root",
    ),
}


@pytest.mark.parametrize(("words", "spec", "why"), WRONG.values(), ids=WRONG)
def test_a_release_that_can_not_start_ends_the_wait_within_seconds_and_is_taken_back(
    shop: Client, formation: Plugin, words: tuple[str, ...], spec: builders.Manifest, why: str
) -> None:
    if spec:
        shop.apply(shop_with("echo migrated $STEP", **spec))
    place = words.index("set") + 1 if "set" in words else 1
    line = (*words[:place], "shop", *words[place:], "--wait", "--timeout=60s")
    began = time.monotonic()
    failed = formation(*line, code=1)
    assert time.monotonic() - began < 20
    assert (
        "Error: shop isn't ready, and waiting won't help. the release command waits in Job" in failed.stderr
    )
    assert why in failed.stderr
    assert "Old processes keep running: web=1." in failed.stderr
    rows = [each.split()[:4] for each in failed.stderr.splitlines() if each.startswith("release ")]
    assert rows
    assert {each[3] for each in rows} <= {"Waiting", "Starting"}


def test_a_deploy_whose_image_can_not_be_pulled_is_taken_back_within_seconds(
    shop: Client, formation: Plugin
) -> None:
    began = time.monotonic()
    words = ("deploy", "shop", "--image", UNPULLABLE, "--wait", "--rollback-on-failure")
    back = formation(*words, code=1)
    assert time.monotonic() - began < 30
    assert "shop is back at what was revision" in back.stderr.splitlines()[-1]
    shop(*READY)


def ended(formation: Plugin) -> builders.Manifest:
    """Return the one-off process, once it has ended."""
    listed: list[builders.Manifest] = json.loads(formation("ps", "shop", "run", "-o", "json").stdout)
    return next((each for each in listed if each["lastExit"]), {})


def test_what_ends_well_is_never_said_to_have_done_wrong(shop: Client, formation: Plugin) -> None:
    said = formation("config", "set", "shop", "STEP=one", "--wait").stderr
    formation("run", "shop", "--detach", "--", "/bin/true")
    once = eventually(lambda: ended(formation))
    said += formation("ps", "shop", "run").stdout + formation("events", "shop").stdout
    assert once["lastExit"]["reason"] == "Completed"
    assert once["lastExit"]["message"] == "exited with code 0"
    assert "code 0 (Completed)" in said
    assert not [word for word in ("keep running.", "ExitedAtOnce", "make it a Job") if word in said]


def test_a_stopped_app_is_said_to_be_stopped(shop: Client, formation: Plugin) -> None:
    formation("stop", "shop", "--wait")
    shown = shop("get", "formation", "shop", "-o", "wide").stdout
    assert "True" in shown
    assert "Suspended" in shown
    assert "it is stopped" in shown
    assert "it is stopped" in shop("describe", "formation", "shop").stdout
    assert "Suspended" in formation("ps").stdout


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
    said = f"{runs} To end it: kubectl formation stop shop --process {job}"
    for how in ("--dry-run", "--wait"):
        back = formation("rollback", "shop", "--to", "1", how).stderr.splitlines()
        assert said in back
        assert not [line for line in back if line.startswith("web:")]
    for look in ("ps", "release"):
        assert said in formation(look, "shop").stderr.splitlines()
    assert formation("ps", "shop", "web", "-o", "name").stdout == before
    formation("stop", "shop", "--process", job)
    for look in ("ps", "release"):
        assert job not in formation(look, "shop").stderr
