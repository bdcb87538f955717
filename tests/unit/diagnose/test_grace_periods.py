"""From when on a Pod may be late: from its latest start, and never while an image is being pulled."""

import pytest

from formation_operator.diagnose import grace_periods
from tests.shared.builders import NOW, Manifest, a_container, a_pod, condition, ended, running, waiting
from tests.unit.facts import known

UNREADY, MADE = (
    condition("Ready", status=False, since=900),
    condition("PodReadyToStartContainers", since=900),
)
PULLS, WAITS = waiting("ContainerCreating"), waiting("PodInitializing")
DONE = a_container(ended(0, before=800), "migrate")
LACKS = waiting("CreateContainerConfigError", 'secret "db" not found')


def unready(*containers: Manifest, init: Manifest | None = None) -> Manifest:
    """Return a Pod that was made and isn't ready."""
    return a_pod(*containers, init=(init,) if init else (), conditions=(UNREADY, MADE))


PODS = {
    "its process started lately": (unready(a_container(running(500), ready=False)), False),
    "its volume isn't there": (a_pod(a_container(PULLS), conditions=(UNREADY,)), True),
    "a Secret isn't there": (unready(a_container(LACKS)), True),
    "an init container runs for long": (
        unready(a_container(WAITS), init=a_container(running(700), "migrate", ready=False)),
        True,
    ),
    "the image of a second container is pulled": (
        unready(a_container(running(700)), a_container(PULLS, "proxy")),
        False,
    ),
    "its node hasn't seen it": (a_pod(conditions=(UNREADY,), status={"containerStatuses": []}), False),
}


@pytest.mark.parametrize(("pod", "is_late"), PODS.values(), ids=PODS)
def test_a_pod_has_had_its_time_by_its_latest_start_once_its_images_are_there(
    pod: Manifest, is_late: bool
) -> None:
    assert grace_periods.has_had(known(pod), 600, NOW) == is_late
