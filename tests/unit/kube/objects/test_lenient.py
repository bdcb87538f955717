"""What others wrote is told as one printable line, and no longer than anybody reads."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import bounds
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import lenient
from formation_operator.observe.faults import Problem
from formation_operator.observe.pods import Pod
from formation_operator.replicas.count_owner import Replicas
from tests.shared.builders import a_container, a_pod, ended, waiting
from tests.unit.facts import INTENT, NOW, a_child, known, seen, status_of

ODD = {
    "a line feed": "refused\nDec 12 root: all is well",
    "a colour": "\x1b[2J\x1b[31mrefused",
    "a title of the terminal": "\x1b]0;title\x07refused",
    "letters from right to left": "refused \u202egnihton",
    "what can't be seen": "re\u200bfused\u2066",
    "half a letter": "refused \ud800",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_what_moves_a_cursor_or_turns_letters_round_is_taken_out(text: str) -> None:
    told = lenient.shown(text)
    assert "refused" in told.replace("re fused", "refused")
    assert told.isprintable()


@given(st.text(max_size=60), st.integers(10, 50))
def test_a_text_fits_and_is_the_same_when_it_is_told_again(text: str, most: int) -> None:
    told = lenient.shown(text, most)
    assert len(told.encode()) <= most
    assert told.isprintable()
    assert lenient.shown(told, most) == told
    if text.isprintable() and len(text.encode()) <= most:
        assert told == text


def test_a_text_that_was_cut_shows_that() -> None:
    assert lenient.shown("ü" * 600) == "ü" * 510 + "..."
    assert lenient.shown("x" * 5000) == "x" * 1021 + "..."


HUGE = "\x1b[31m" + "ü\n" * 250_000
MOST_BYTES = 256 * 1024


def test_a_huge_refusal_is_cut_wherever_it_is_told() -> None:
    error = errors.error_of(422, f'{{"message": "{"x" * 466_000}"}}'.encode())
    assert len(str(error)) == 1000
    assert len(Notice("Refused", "Refuse", HUGE).note.encode()) <= 1024


def wordy(name: str) -> list[Pod]:
    """Return Pods of which everything that others wrote is as long as it can be."""
    labels = {"formations.dev/process-type": name}
    crashed = a_container(waiting(HUGE, HUGE), name, last=ended(1, HUGE, reason=HUGE), restarts=3)
    failed = {"phase": "Failed", "reason": HUGE, "message": HUGE}
    return [
        known(a_pod(crashed, labels=labels, name=f"{name}-1")),
        known(a_pod(crashed, labels=labels, name=f"{name}-2", status=failed)),
    ]


def test_a_status_of_64_types_stays_far_below_what_an_object_may_have() -> None:
    names = [f"t{index}" for index in range(64)]
    images = (("web", HUGE),)
    world = seen(
        counts={name: Replicas(2, 2, 2) for name in names},
        deployments={name: a_child(images=images) for name in names},
        intents=dict.fromkeys(names, dataclasses.replace(INTENT, images=(("web", "i"),))),
        problems=[Problem(name, Trouble.REFUSED, HUGE) for name in names],
        pods={name: wordy(name) for name in names},
        unscaled=[HUGE] * 64,
        unrevised=Problem("", Trouble.REFUSED, HUGE),
    )
    computed = status_of(world, {}, NOW)
    assert bounds.size(computed) < MOST_BYTES
    for process in computed["processes"].values():
        assert process["message"].isprintable()
        assert process["lastExit"]["message"].isprintable()
    assert all(item["message"].isprintable() for item in computed["conditions"])
    assert computed["processes"].keys() == {*names}
