"""Deploys, releases and suspensions in many orders, each as a story: what happens, and what runs then."""

from typing import Any

import pytest

from tests.shared.builders import a_process
from tests.unit.fakes.releasing import NIGHTLY, RELEASE, UNFIT, Shop, Step, an_app

V1, V2, V3, V5, V6 = ({"image": f"shop:v{number}"} for number in (1, 2, 3, 5, 6))
ALL_V1, ALL_V2, ALL_V3, ALL_V5, ALL_V6 = (f"web=1:{v} worker=2:{v}" for v in ("v1", "v2", "v3", "v5", "v6"))
DOWN, UP = {"suspend": True}, {"suspend": False}
STOPPED = "web=0 worker=0"
GATED, UNGATED = {"release": RELEASE}, {"release": None}
SUCCEEDS, FAILS, RESTARTS = "the release succeeds", "the release fails", "the operator restarts"
STARTS = "its Pod runs"
SCHEDULED = {"schedules": {"nightly": NIGHTLY}}
PROBED = {"web": {"livenessProbe": {"tcpSocket": {"port": "http"}}}}


def web(count: int) -> dict[str, object]:
    return {"processes": {"web": {"replicas": count}}}


STORIES: dict[str, list[Step]] = {
    # One release after the other
    "going back to what was released before runs nothing": [V2, SUCCEEDS, V1, f"{ALL_V1} jobs=2"],
    "a failed release changes nothing, and its revert is ready without a Job": [
        *(V2, FAILS, f"{ALL_V1} jobs=2 ready=ReleaseFailed"),
        *(V1, f"{ALL_V1} jobs=2 ready=Progressing release=Succeeded"),
    ],
    "what is no part of what a release is given runs none": [
        {"processes": PROBED, "release": {"activeDeadlineSeconds": 60}},
        f"{ALL_V1} jobs=1 release=Succeeded",
    ],
    "what comes in one edit with a new image waits with it": [
        {**V2, "labels": {"team": "red"}, "processes": {"worker": None, "clock": a_process(replicas=1)}},
        *(f"{ALL_V1} clock=none", SUCCEEDS, "web=1:v2 worker=none clock=1:v2"),
    ],
    "a paused Formation starts none until it is no longer paused": [
        *({"paused": True, **V2}, "jobs=1", {"paused": False}, "jobs=2", SUCCEEDS, ALL_V2)
    ],
    "none starts for a content that can't be rendered": [
        *({**V2, "processes": {"web": {"resources": UNFIT}}}, f"{ALL_V1} jobs=1 ready=InvalidSpec")
    ],
    "a changed release command runs although all is as rendered": [
        *(RESTARTS, {"release": {"env": [{"name": "AGAIN", "value": "1"}]}}, "jobs=2")
    ],
    "counts go on where a content was rolled out just before a release starts": [
        *(({"labels": {"team": "red"}}, V2), web(5), "web=5:v1 worker=2:v1", SUCCEEDS, "web=5:v2 worker=2:v2")
    ],
    "what was let through needs no second release though its Job is gone": [
        *(V2, SUCCEEDS, "the Jobs are deleted", {**UNGATED, **V3}, {**GATED, **V2}, f"{ALL_V2} jobs=0")
    ],
    "anyone who comes back to a failed content has it released anew": [
        *(V2, FAILS, V1, RESTARTS, V2, "jobs=2 release=Running", SUCCEEDS, ALL_V2)
    ],
    "the content of a release that has started is rolled out before the newest is released": [
        *(V2, STARTS, V3, V5, f"{ALL_V1} jobs=2", (SUCCEEDS, "its Pods are gone"), "time passes"),
        *(f"{ALL_V2} release=Running", SUCCEEDS, ALL_V5),
    ],
    "what was rolled out but not reported when the operator ended stays": [
        *(V2, (SUCCEEDS, {}, RESTARTS, V3), ALL_V2, "time passes", ALL_V2, SUCCEEDS, ALL_V3)
    ],
    # A release command that was taken away for a while
    "what was deployed while there was none stays though no status says so": [
        *(({**UNGATED, **V5}, RESTARTS, {**GATED, **V6}), "time passes", ALL_V5)
    ],
    "a release whose command is taken away is ignored": [V2, UNGATED, f"{ALL_V2} jobs=2 release=None"],
    "its result is ignored for good": [
        *(V2, {**UNGATED, **V5}, SUCCEEDS, ALL_V5, {**GATED, **V6}, ALL_V5, SUCCEEDS, ALL_V6)
    ],
    "and by the next leader": [
        *(V2, {**UNGATED, **V5}, SUCCEEDS, RESTARTS, {**GATED, **V6}, ALL_V5, SUCCEEDS, ALL_V6)
    ],
    "what was rolled out while there was no command counts as released": [
        *({**UNGATED, **V2}, ALL_V2, GATED, f"{ALL_V2} jobs=1", V3, ALL_V2)
    ],
    "a command that is added just after a deploy leaves what was deployed": [
        *(UNGATED, (V2,), ALL_V2, (GATED,), ALL_V2, "time passes", f"{ALL_V2} jobs=1 release=Succeeded")
    ],
    "a command that is away for a moment leaves what was deployed in that": [
        *(({**UNGATED, **V2},), ALL_V2, (GATED,), ALL_V2, "time passes", f"{ALL_V2} jobs=1")
    ],
    # Suspended
    "a deploy while it is suspended is released after it, and no process comes before": [
        *(DOWN, V2, "jobs=1 release=Held ready=ReleaseHeld", UP, f"{STOPPED} jobs=2"),
        *(RESTARTS, STOPPED, SUCCEEDS, ALL_V2),
    ],
    "a deploy just after a resumption leaves the processes that run": [DOWN, (UP,), ALL_V1, (V2,), ALL_V1],
    "suspend, deploy and resume in a breath keep the processes at zero until the release": [
        *((DOWN, V2, UP), STOPPED, "time passes", STOPPED, SUCCEEDS, ALL_V2)
    ],
    "a pause during a held resumption starts no process": [
        *(DOWN, V2, {**UP, "paused": True}, {"paused": False}, STOPPED, SUCCEEDS, ALL_V2)
    ],
    "a process that somebody starts during a held resumption resumes no other": [
        *(DOWN, V2, UP, "web is scaled to 3", STOPPED, SUCCEEDS, "web=3:v2 worker=2:v2")
    ],
    "a type that was at zero before can be scaled while a release waits": [
        *(web(0), V2, DOWN, UP, web(3), "web=3:v1 worker=0:v1")
    ],
    "suspend works for a type that is invalid": [
        *({"processes": {"worker": {"resources": UNFIT}}}, DOWN, STOPPED, UP, ALL_V1)
    ],
    # What is lost
    "where what was released isn't kept, counts alone are written": [
        *(V2, "the revisions are lost", RESTARTS, web(4), "web=4:v1 worker=2:v1 ready=Releasing"),
        *(DOWN, STOPPED, UP, "web=0:v1 worker=0:v1", SUCCEEDS, "web=4:v2 worker=2:v2"),
    ],
    "during a failed release lost revisions keep no count back, and nothing goes back": [
        *(V2, SUCCEEDS, V3, FAILS, "the revisions are lost", RESTARTS, web(7), "web=7:v2 worker=2:v2"),
        *(DOWN, "web=0:v2 worker=0:v2"),
    ],
    "nor does a lost status": [
        *(V2, SUCCEEDS, V3, FAILS, "the status is lost", RESTARTS, web(7), "web=7:v2 worker=2:v2"),
        *(DOWN, "web=0:v2 worker=0:v2"),
    ],
    "deleting completed Jobs is no retry": ["the Jobs are deleted", f"{ALL_V1} jobs=0"],
    "nor is losing the revisions, too": [
        *("the Jobs are deleted", "the revisions are lost", RESTARTS, f"{ALL_V1} jobs=0")
    ],
    # A CRD older than the Formation
    "where the CRD has lost fields nothing but counts changes, until the Formation is applied, too": [
        *(SCHEDULED, V2, FAILS, "the CRD is older", {**UNGATED, "schedules": None, **web(4)}),
        *("web=4:v1 worker=2:v1 nightly=on ready=Outdated", "the CRD is newer", RESTARTS),
        "web=4:v1 worker=2:v1 nightly=on ready=Outdated",
    ],
    "so it is for the next leader": [
        *(SCHEDULED, V2, FAILS, "the CRD is older", RESTARTS, {**UNGATED, "schedules": None, **web(4)}),
        "web=4:v1 worker=2:v1 nightly=on ready=Outdated",
    ],
    "a count is no manifest that was applied again after the newer CRD": [
        *(V2, FAILS, "the CRD is older", UNGATED, "the CRD is newer", web(5), "web=5:v1 worker=2:v1"),
        *(RESTARTS, web(6), RESTARTS, "web=6:v1 worker=2:v1 ready=Outdated"),
    ],
    "how a release has ended still counts after the CRD had lost it": [
        *(V2, FAILS, "the CRD is older", UNGATED, f"{ALL_V1} jobs=2", "the CRD is newer", GATED),
        f"{ALL_V1} jobs=2 ready=ReleaseFailed",
    ],
    "a field that is taken away under a CRD that has it goes": [
        *(SCHEDULED, "nightly=on", {"schedules": None}, "time passes", "time passes", "nightly=none")
    ],
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_what_runs_after_each_step_of_a_release(shop: Shop, story: list[Step]) -> None:
    await shop.tell(*story)


IDLE = {"web": a_process("/web", replicas=0)}
OTHERS: dict[str, tuple[dict[str, Any], list[Step]]] = {
    "while it is paused no object is written, and none goes": (
        {},
        [
            {"paused": True, **V2, "processes": {"web": {"replicas": 3}, "worker": None}},
            *(ALL_V1, {"paused": False}, "web=3:v2 worker=none"),
        ],
    ),
    "an app counts as released when it gets a release command": (
        {"processes": {"web": a_process(replicas=1)}},
        [
            *(GATED, "jobs=0 release=Succeeded", {**V2, "release": {"command": ["/shop", "migrate2"]}}),
            *("web=1:v1", SUCCEEDS, "web=1:v2"),
        ],
    ),
    "but not where no revision keeps what runs": (
        {"processes": {"web": a_process(replicas=1)}},
        [
            *("the revisions are lost", "the status is lost", RESTARTS, GATED, "jobs=1", DOWN, "web=0"),
            *(UP, SUCCEEDS, "web=1:v1 release=Succeeded"),
        ],
    ),
    "an autoscaler's count comes back after a held resumption, too": (
        {"processes": {"web": a_process("/web")}, **GATED},
        ["web is scaled to 3", (DOWN, V2, UP), "time passes", "web=0", SUCCEEDS, "web=3:v2", (V3,), "web=3"],
    ),
    "a schedule of an app without processes comes back with the content that is asked for": (
        {"processes": IDLE, **SCHEDULED, **GATED},
        [DOWN, V2, UP, "nightly=off", SUCCEEDS, "nightly=on"],
    ),
    "a schedule that is deleted while a release has failed begins runs again": (
        {"processes": IDLE, **SCHEDULED, **GATED},
        [V2, FAILS, "the CronJobs are deleted", "nightly=on"],
    ),
    "a count of one that comes with singleton waits with it": (
        {"processes": {"clock": a_process("/web", replicas=5)}, **GATED},
        [
            {**V2, "processes": {"clock": {"singleton": True, "replicas": 1}}},
            *("clock=5:v1", SUCCEEDS, "clock=1:v2"),
        ],
    ),
    "suspend stops a schedule of which nothing else is known": (
        {**SCHEDULED, **GATED},
        [V2, "the revisions are lost", RESTARTS, "nightly=on", DOWN, "nightly=off", UP, "nightly=off"],
    ),
    "and one of an outdated Formation": (
        {**SCHEDULED, **GATED},
        ["the CRD is older", UNGATED, "nightly=on", DOWN, "nightly=off", UP, "nightly=off"],
    ),
}


@pytest.mark.parametrize(("spec", "story"), OTHERS.values(), ids=OTHERS)
async def test_what_runs_of_other_apps(spec: dict[str, Any], story: list[Step]) -> None:
    shop = await an_app(**spec)
    await shop.tell(*story)
