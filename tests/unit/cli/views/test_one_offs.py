from typing import Any

from formation_cli.views import one_offs
from formation_cli.views.one_offs import Stage
from tests.shared.builders import Manifest, a_container, a_pod, condition, ended, running, waiting


def stage(state: Manifest, **more: Any) -> Stage:
    annotations = {"kubectl.kubernetes.io/default-container": "run"}
    return one_offs.stage(a_pod(a_container(state, "run"), annotations=annotations, **more))


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
