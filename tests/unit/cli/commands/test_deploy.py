"""What `deploy` says of the image of all types, and of a type's own."""

import pytest
from click.testing import Result

from formation_cli import failures
from formation_operator.api import naming
from tests import builders
from tests.builders import IMAGE
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

NEW = "registry.example.com/shop:v2"


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[builders.stored(builders.a_formation())])


def deploy(words: str, code: int = 0) -> Result:
    return run(f"deploy shop {words}", code)


def test_the_image_of_all_types_is_changed() -> None:
    assert deploy(f"--image {NEW}").stdout == f"image: {IMAGE} -> {NEW}\n"
    assert deploy(f"--image {NEW}").stdout == f"image: {NEW}, as it was\n"


def test_a_type_gets_an_image_of_its_own_and_loses_it_again(cluster: FakeCluster) -> None:
    shared = f"{IMAGE} (that of all types)"
    worker = "--type worker --image"
    assert deploy(f"{worker} none").stdout == f"worker: image: {shared}, as it was\n"
    assert deploy(f"{worker} {NEW}").stdout == f"worker: image: {shared} -> {NEW}\n"
    assert deploy(f"{worker} none").stdout == f"worker: image: {NEW} -> {shared}\n"
    (formation,) = cluster.objects[naming.KIND]
    assert "image" not in formation["spec"]["processes"]["worker"]


def note_of(cluster: FakeCluster) -> str | None:
    (formation,) = cluster.objects[naming.KIND]
    found: str | None = formation["metadata"].get("annotations", {}).get(naming.NOTE_ANNOTATION)
    return found


def test_a_note_goes_with_the_image_and_the_next_deploy_without_one_removes_it(cluster: FakeCluster) -> None:
    deploy(f"{NEW} --note 'fix the checkout'")
    assert note_of(cluster) == "fix the checkout"
    deploy(f"{NEW}-2 --note 'fix more'")
    assert note_of(cluster) == "fix more"
    deploy(f"{NEW}-2 --note 'which changes nothing'")
    assert note_of(cluster) == "fix more", "the image is as it was, so this is no deploy"
    deploy(f"{NEW}-3")
    assert note_of(cluster) is None


@pytest.mark.parametrize("note", [("x" * 201), "'two\nlines'", "'\x1b[2J'"])
def test_a_note_that_a_log_would_cut_is_refused(cluster: FakeCluster, note: str) -> None:
    assert (
        "a note is one line of at most 200 bytes" in deploy(f"{NEW} --note {note}", failures.MISTYPED).stderr
    )
    assert note_of(cluster) is None


def test_another_change_of_the_content_removes_the_note_of_the_deploy_before(cluster: FakeCluster) -> None:
    deploy(f"{NEW} --note 'fix the checkout'")
    run("config set shop A=1")
    assert note_of(cluster) is None


@pytest.mark.parametrize("words", [NEW, f"--image {NEW}"])
def test_the_image_is_a_word_behind_the_name_or_an_option(words: str) -> None:
    assert deploy(words).stdout == f"image: {IMAGE} -> {NEW}\n"


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
