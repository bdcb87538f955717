"""What a test waits for may look odd on its way: it is asked again until it is there."""

from typing import Any

import pytest

from tests.client import eventually

Objects = list[dict[str, Any]]


@pytest.mark.parametrize("early", [[], [{}], [{"status": {}}], [{"status": {}}] * 2])
def test_a_probe_that_looks_into_what_is_not_there_yet_is_asked_again(early: Objects) -> None:
    looks = iter([early, [{"status": {"active": 1}}]])

    def active() -> int:
        (job,) = next(looks)
        return int(job["status"]["active"])

    assert eventually(active) == 1


def test_what_is_never_there_fails_with_the_probes_own_error() -> None:
    def active() -> int:
        (job,) = list[int]()
        return job

    with pytest.raises(ValueError, match="not enough values"):
        eventually(active, patience=0.2)
