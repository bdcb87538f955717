import itertools
from typing import Any

import pytest

from formation_cli.views import one_offs
from formation_cli.views.one_offs import Stage
from tests.builders import Manifest, a_container, a_pod, condition, ended, running, waiting


def stage(state: Manifest, **more: Any) -> Stage:
    return one_offs.stage(a_pod(a_container(state, "run"), annotations=ANNOTATED, **more))


ANNOTATED = {"kubectl.kubernetes.io/default-container": "run"}


UNSCHEDULED = condition("PodScheduled", status=False, reason="Unschedulable", message="0/1 nodes")


def test_how_far_a_process_has_come_is_known_by_its_pod() -> None:
    assert stage(running()) == Stage(started=True)
    assert stage(ended(7)) == Stage(started=True, exit_code=7)
    assert stage(ended(128, "no such file", reason="StartError")).failure == "no such file"
    unpulled = Stage(started=False, failure="ErrImagePull: not found")
    assert stage(waiting("ErrImagePull", "not found")) == unpulled
    assert stage(waiting("ContainerCreating")) == Stage(started=False)
    assert stage(waiting(""), conditions=(UNSCHEDULED,)).waits == "0/1 nodes"
    assert stage(waiting(""), status={"phase": "Failed", "message": "evicted"}).failure == "evicted"


@pytest.mark.parametrize(
    ("log", "brought", "above"),
    [
        (b"a\nb\nc\n", (b"c\n", b""), b"a\nb\n"),
        (b"a\nb\nc\n", (b"a\r\nb\r\nc\r\n", b""), b""),
        (b"a\nb\nc\n", (b"b\n", b""), b"a\n"),  # the newest wasn't brought yet
        (b"a\nb\n", (b"$ ", b""), b"a\nb\n"),
        (b"a\nb\n", (b"b\n$ ", b""), b"a\n"),
        (b"name? bob\nhi bob\n", (b"bob\nhi bob\n", b""), b"name? "),
        (b"a\n\n\nb\n", (b"\nb\n", b""), b"a\n\n"),
        (b"tick\n" * 4, (b"tick\ntick\n", b""), b"tick\n" * 2),
        (b"a\nout\nwrong\nout\n", (b"out\n", b"wrong\n"), b"a\nout\n"),
        (b"a\nb\n", (b"", b"kubectl's own words\n"), b"a\nb\n"),
        (b"a\nb\n", (b"b\n", b"kubectl's own words\n"), b"a\n"),
        (b"", (b"a\n", b""), b""),
    ],
)
def test_above_what_was_brought_is_what_was_written_before(
    log: bytes, brought: tuple[bytes, bytes], above: bytes
) -> None:
    assert one_offs.above(log, brought) == above


def test_two_streams_may_be_mixed_as_they_like() -> None:
    lines = [b"%d\n" % number for number in range(6)]
    for begins, *errors in itertools.product(range(7), *[(False, True)] * 6):
        brought = [
            b"".join(
                line for line, error in zip(lines[begins:], errors[begins:], strict=True) if error is err
            )
            for err in (False, True)
        ]
        assert one_offs.above(b"".join(lines), brought) == b"".join(lines[:begins])
