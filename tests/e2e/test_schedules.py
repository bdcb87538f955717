"""Schedules as real processes: a run by hand and by the clock, and one that fails."""

import functools
from typing import Any

import pytest

from tests.e2e.containers import of_debian, sh
from tests.e2e.workers import RUNS
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared.builders import Manifest, a_process

pytestmark = pytest.mark.node
NAME = "shop-report"
WORKER = a_process(*RUNS, replicas=1, terminationGracePeriodSeconds=1, minReadySeconds=0)
MINUTE = 150.0
"""Seconds in which a run of each minute has begun and ended."""


def shop(script: str, schedule: str = "@yearly") -> Manifest:
    """Return a Formation with a worker, and a schedule that runs a script."""
    return of_debian(
        env=[{"name": "GREETING", "value": "hello"}],
        processes={"worker": WORKER},
        schedules={"report": {"schedule": schedule, "command": [*sh(script)]}},
    )


def declared(user: Client, script: str, schedule: str = "@yearly") -> None:
    user.ready(shop(script, schedule))
    eventually(lambda: user.find("cronjob", NAME))


def said(user: Client) -> dict[str, Any]:
    found: dict[str, Any] = user.get("formation", "shop")["status"]["schedules"]["report"]
    return found


def test_a_run_by_hand_has_the_app_s_environment_and_ends_with_its_code(
    person: Client, formation: Plugin
) -> None:
    declared(person, "echo $GREETING from $PROCESS_TYPE")
    done = formation.within("run", "shop", "--schedule", "report")
    assert done.stdout == "hello from report\n"
    shown = formation.within("logs", "shop", "report").stdout
    assert "hello from report" in shown
    (job,) = person.list_all("jobs.batch")
    (owner,) = job["metadata"]["ownerReferences"]
    assert owner["kind"] == "CronJob"


def test_one_that_fails_says_why_until_one_succeeds(person: Client, formation: Plugin) -> None:
    declared(person, "echo no database >&2; exit 3")
    formation.within("run", "shop", "--schedule", "report", code=3)

    def failing() -> str:
        message = str((person.condition("ScheduleFailing") or {}).get("message"))
        assert "code 3" in message, said(person)
        return message

    assert "no database" in eventually(failing)
    ready = person.condition("Ready") or {}
    assert ready["status"] == "True"
    eventually(lambda: len(person.events("RunFailed")) == 1)
    command = {"spec": {"schedules": {"report": {"command": ["true"]}}}}
    person.merge("formation", "shop", command)
    container = functools.partial(command_of, person)
    eventually(lambda: container() == ["true"])
    formation.within("run", "shop", "--schedule", "report")
    eventually(lambda: person.condition("ScheduleFailing") is None)


def command_of(user: Client) -> list[str]:
    template = user.get("cronjob", NAME)["spec"]["jobTemplate"]["spec"]["template"]
    found: list[str] = template["spec"]["containers"][0]["command"]
    return found


@pytest.mark.long
def test_it_runs_by_the_clock(person: Client) -> None:
    declared(person, "echo $GREETING", "* * * * *")
    eventually(lambda: said(person).get("lastSuccessfulTime"), MINUTE)
    assert said(person)["lastScheduleTime"] <= said(person)["lastSuccessfulTime"]
    person.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: person.get("cronjob", NAME)["spec"]["suspend"] is True)
    eventually(lambda: said(person)["state"] == "Suspended")
