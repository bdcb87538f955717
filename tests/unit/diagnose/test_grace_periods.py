"""From when on a Pod may be late: from its latest start, and never while an image is being pulled."""

from typing import Any

import pytest

from formation_operator.diagnose import grace_periods
from formation_operator.observe import pods
from tests.shared.builders import NOW, a_container, a_pod, condition, ended, running, waiting

MADE, UNREADY = (
    condition("PodReadyToStartContainers", since=900),
    condition("Ready", status=False, since=900),
)
PULLS, WAITS = waiting("ContainerCreating"), waiting("PodInitializing")
DONE = a_container(ended(0, before=800), "migrate")
LACKS = waiting("CreateContainerConfigError", 'secret "db" not found')


@pytest.mark.parametrize(
    ("pod", "is_late"),
    [
        (a_pod(a_container(running(700), ready=False), conditions=(UNREADY, MADE)), True),
        (a_pod(a_container(running(500), ready=False), conditions=(UNREADY, MADE)), False),
        (a_pod(a_container(PULLS), conditions=(UNREADY, MADE)), False),
        (a_pod(a_container(PULLS), conditions=(UNREADY,)), True),
        (a_pod(a_container(LACKS), conditions=(UNREADY, MADE)), True),
        (a_pod(a_container(WAITS), init=(DONE,), conditions=(UNREADY, MADE)), False),
        (a_pod(a_container(WAITS), init=(a_container(WAITS, "migrate"),), conditions=(UNREADY, MADE)), False),
        (
            a_pod(
                a_container(WAITS),
                init=(a_container(running(700), "migrate", ready=False),),
                conditions=(UNREADY, MADE),
            ),
            True,
        ),
        (
            a_pod(a_container(running(700)), a_container(PULLS, "proxy"), conditions=(UNREADY, MADE)),
            False,
        ),
        (a_pod(conditions=(UNREADY,), status={"containerStatuses": []}), False),
    ],
    ids=[
        "its process started long ago",
        "its process started lately",
        "its image is pulled",
        "its volume isn't there",
        "a Secret isn't there",
        "its image is pulled after an init container",
        "the image of an init container is pulled",
        "an init container runs for long",
        "the image of a second container is pulled",
        "its node hasn't seen it",
    ],
)
def test_a_pod_has_had_its_time_by_its_latest_start_once_its_images_are_there(
    pod: dict[str, Any], is_late: bool
) -> None:
    found = pods.pod(pod)
    assert found is not None
    assert grace_periods.has_had(found, 600, NOW) == is_late
