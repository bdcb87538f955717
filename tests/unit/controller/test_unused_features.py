"""A feature that an app doesn't use costs its passes nothing."""

import sys
from types import FrameType

from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.fakes.releasing import Shop

PACKAGE = "/formation_operator/"
BUDGETS = {"controller/budgets.py", "render/disruption.py"}
SCHEDULES = {"status/schedule_health.py", "render/cron_job.py", "render/job_template.py"}
GATES = {"rollout/gate.py", "status/canary_health.py", "status/release_health.py", "controller/runs.py"}
OTHERS = {"status/scaling_health.py", "render/autoscaler.py", "render/environment.py", "foreground/check.py"}


async def entered(formation: Manifest) -> set[str]:
    """Return the modules that an app's passes enter from its first one until nothing is left to do."""
    shop, modules = Shop(formation), set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        _, is_ours, module = frame.f_code.co_filename.rpartition(PACKAGE)
        if event == "call" and is_ours:
            modules.add(module)

    sys.setprofile(note)
    try:
        await shop.settle()
    finally:
        sys.setprofile(None)
    return modules


async def test_an_app_that_uses_no_feature_enters_none_of_their_modules() -> None:
    plain = await entered(a_formation(processes={"worker": a_process(command=None, args=None)}))
    assert "status/compute.py" in plain
    assert plain & (BUDGETS | SCHEDULES | GATES | OTHERS) == set()


async def test_an_app_that_uses_a_feature_enters_its_modules() -> None:
    app = a_formation(
        disruptionBudget={},
        env=[{"name": "A", "value": "b"}],
        processes={"worker": a_process(command=["sleep", "9"], autoscaling={"maxReplicas": 3})},
        schedules={"nightly": {"schedule": "@daily", "command": ["report"]}},
    )
    assert await entered(app) >= BUDGETS | OTHERS | SCHEDULES
