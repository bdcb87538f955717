"""What `deploy` says of the image of all types, and of a type's own."""

import pytest
from click.testing import Result

from formation_cli import failures
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import IMAGE
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import V1, Object, a_revision, noted, shop
from tests.unit.cli.typed import run

NEW = "registry.example.com/shop:v2"


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[builders.stored(builders.a_formation())])


def deploy(words: str, code: int = 0) -> Result:
    return run(f"deploy shop {words}", code)


def test_a_type_gets_an_image_of_its_own_and_loses_it_again(cluster: FakeCluster) -> None:
    shared = f"{IMAGE} (that of all types)"
    worker = "--type worker --image"
    assert deploy(f"{worker} none").stdout == f"worker: image: {shared}, as it was\n"
    assert deploy(f"{worker} {NEW}").stdout == f"worker: image: {shared} -> {NEW}\n"
    back = deploy(f"{worker} none")
    assert (back.stdout, back.stderr) == (f"worker: image: {NEW} -> {shared}\n", "")
    assert "image" not in cluster.spec["processes"]["worker"]


def note_of(cluster: FakeCluster) -> str | None:
    (formation,) = cluster.objects[naming.KIND]
    found: str | None = formation["metadata"].get("annotations", {}).get(naming.NOTE_ANNOTATION)
    return found


def test_a_note_goes_with_the_image_and_the_next_deploy_without_one_removes_it(cluster: FakeCluster) -> None:
    deploy(f"{NEW} --note 'fix the checkout'")
    assert note_of(cluster) == "fix the checkout"
    deploy(f"{NEW}-2 --note 'fix more'")
    assert note_of(cluster) == "fix more"
    assert "so the note isn't set" in deploy(f"{NEW}-2 --note 'which changes nothing'").stderr
    assert note_of(cluster) == "fix more", "the image is as it was, so this is no deploy"
    deploy(f"{NEW}-3")
    assert note_of(cluster) is None


@pytest.mark.parametrize("note", [("x" * 201), "'two\nlines'", "'\x1b[2J'"])
def test_a_note_that_a_log_would_cut_is_refused(cluster: FakeCluster, note: str) -> None:
    assert (
        "a note is one line of at most 200 bytes" in deploy(f"{NEW} --note {note}", failures.MISTYPED).stderr
    )
    assert note_of(cluster) is None


@pytest.mark.parametrize(
    ("image", "what"),
    [
        ("registry.example.com:5000/shop", "has no tag, which means latest: that image may be another one"),
        ("shop:latest", "The tag of shop:latest is latest: that image may be another one"),
    ],
)
def test_an_image_that_names_no_version_is_deployed_with_a_warning(
    cluster: FakeCluster, image: str, what: str
) -> None:
    result = deploy(image)
    assert what in result.stderr
    assert result.stdout == f"image: {IMAGE} -> {image}\n"
    assert cluster.spec["image"] == image


@pytest.mark.parametrize(
    "image", [NEW, "localhost:5000/shop:v2", f"shop@sha256:{'0' * 64}", f"shop:latest@sha256:{'0' * 64}"]
)
def test_an_image_with_a_tag_or_a_digest_is_deployed_without_a_warning(image: str) -> None:
    assert deploy(image).stderr == ""


RELEASED: Object = {**V1, "release": {"command": ["/shop", "migrate"], "args": ["--to", "the end"]}}
NEXT: Object = {**RELEASED, "image": "shop:v2"}
SAID = "The release command doesn't run, because revision 1 was released before. To run it: "


def released(cluster: FakeCluster, *kept: Object, spec: Object = NEXT) -> None:
    """Have the content of a spec run, and keep others."""
    cluster.objects |= {
        naming.KIND: [shop(a_revision(2, spec), spec)],
        "ControllerRevision": [*kept, a_revision(2, spec)],
    }


def test_a_start_says_as_a_deploy_does_that_the_release_was_run_before(cluster: FakeCluster) -> None:
    released(cluster, spec={**NEXT, "suspend": True})
    said = SAID.replace("revision 1", "revision 2")
    assert run("start shop -n demo").stderr.startswith(f"{said}kubectl formation -n demo run shop -- /shop")
    assert run("start shop").stderr == "", "it was started already"
    assert run("stop shop").stderr == ""


def test_a_release_command_of_the_image_is_run_by_its_arguments(cluster: FakeCluster) -> None:
    first: Object = {**V1, "release": {"args": ["migrate"]}}
    released(cluster, a_revision(1, first), spec={**first, "image": "shop:v2"})
    assert deploy("shop:v1").stderr == f"{SAID}kubectl formation run shop --args -- migrate\n"


@pytest.mark.parametrize("trial", ["Trying", "Failed"])
def test_what_canaries_have_tried_was_released_before(cluster: FakeCluster, trial: str) -> None:
    released(cluster, noted(a_revision(0, RELEASED), naming.TRIAL_ANNOTATION, trial))
    assert "was released before. To run it" in deploy("shop:v1").stderr


UNRELEASED = noted(a_revision(0, RELEASED), naming.TRIAL_ANNOTATION, "Waiting")


@pytest.mark.parametrize(
    "kept", [[], [UNRELEASED], [a_revision(1, RELEASED, owners=[])]], ids=["gone", "waiting", "forged"]
)
def test_a_release_that_runs_is_not_said_to_be_skipped(cluster: FakeCluster, kept: list[Object]) -> None:
    released(cluster, *kept)
    assert deploy("shop:v1").stderr == ""


def test_a_change_that_needs_no_release_says_nothing_of_one(cluster: FakeCluster) -> None:
    own: Object = {**NEXT, "processes": {**NEXT["processes"], "web": {"image": "shop:v1"}}}
    released(cluster, a_revision(1, own))
    assert deploy("--type web shop:v1").stderr == ""
    assert deploy("shop:v2").stderr.startswith("These types have their own image")
    cluster.forbidden = ("ControllerRevision",)
    assert "release" not in deploy("shop:v1").stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "Type the image behind NAME, or --image."),
        (f"{NEW} --image {NEW}", "Type only one of the image behind NAME, or --image."),
        ("''", "'' isn't an image"),
        ("--image --wait", "'--wait' isn't an image"),  # a shell's variable was empty
    ],
)
def test_one_image_has_to_be_named(cluster: FakeCluster, words: str, why: str) -> None:
    assert why in deploy(words, failures.MISTYPED).stderr
    assert cluster.dry_runs == []


@pytest.mark.parametrize("words", ["deploy shop x:2", "config set shop A=1"])
def test_what_is_waited_for_needs_a_wait(words: str) -> None:
    assert (
        "--until-ended needs a wait: add --wait." in run(f"{words} --until-ended", failures.MISTYPED).stderr
    )
