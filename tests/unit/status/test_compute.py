"""What is reported, and that it is a fixed point."""

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api import reasons as words
from formation_operator.api.formation_status import Revision
from formation_operator.diagnose import diagnosis, investigator
from formation_operator.diagnose.finding import Finding
from formation_operator.observe import pods
from formation_operator.observe.faults import Problem
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.render.intents import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import change_events, compute
from formation_operator.status.observation import Observation
from tests.shared import builders
from tests.shared.builders import Manifest, a_container, a_pod, ago, ended, running
from tests.unit.broken_pods import broken_pods
from tests.unit.facts import DONE, INTENT, LATER, NOW, ROLLOUT, a_child, known, seen, status_of


def conditions(computed: compute.Status) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in computed["conditions"]}


def but(**figures: Any) -> DeploymentStatus:
    """Return a rollout that is done, but for some figures."""
    return dataclasses.replace(DONE, **figures)


def troubled(*raws: Manifest, rollout: DeploymentStatus = DONE, **changes: Any) -> Observation:
    """Return what a pass sees of Pods, and finds wrong with them."""
    kept = [pod for raw in raws if (pod := pods.pod(raw)) is not None]
    found = [found for pod in kept if (found := diagnosis.finding(pod, builders.NOW)) is not None]
    return seen(
        rollout,
        pods=investigator.grouped(kept, lambda pod: pod.process_type),
        findings={"worker": found},
        **changes,
    )


def crashed(name: str = "a", **how: Any) -> Manifest:
    return a_pod(a_container(ended(how.pop("code", 1), **how), restarts=3), name=name)


def worker(world: Observation, previous: compute.Status | None = None) -> dict[str, Any]:
    process: dict[str, Any] = status_of(world, previous or {}, NOW)["processes"]["worker"]
    return process


def test_processes_that_still_end_are_counted_until_none_is_left() -> None:
    assert worker(seen(but(ending=2)))["terminatingReplicas"] == 2
    assert "terminatingReplicas" not in worker(seen(DONE))


# How the Formation is, and each type

WAITS = Problem("worker", "Paused", "a change waits: spec.paused is true", lasting=False)
REFUSED = Problem("worker", words.Trouble.REFUSED, "spec.template: no such volume")
BAD = Finding(words.State.CRASHING, words.Reason.BAD_COMMAND, "no such program", lasting=True)
BEHIND: dict[str, Any] = {"intents": {"worker": dataclasses.replace(INTENT, digest="another", images=())}}
MIRRORED = a_child(rollout=DONE, replicas=2, owns_count=True, images=(("worker", "mirror/shop"),))
EIGHT = {"worker": Replicas(desired=8, rendered=None, remembered=8)}
FOUR = {"worker": Replicas(desired=4, rendered=4, remembered=4)}
SIDECAR = ("sidecar", "proxy:v9")


def images(**types: str) -> dict[str, Intent]:
    return {name: dataclasses.replace(INTENT, images=((name, own), SIDECAR)) for name, own in types.items()}


CRON = {"worker": {"command": ["cron"]}}
BARE = dataclasses.replace(a_child(rollout=DONE, replicas=2, owns_count=True), digest=None)
# What a pass saw; the conditions that are true then, and the state and reason of its worker.
WORLDS: dict[str, tuple[Observation, str]] = {
    "it runs as declared": (seen(), "Ready: Running"),
    "one isn't available": (seen(but(available=1)), "Reconciling: Starting Progressing"),
    "past its deadline": (
        seen(but(available=1, stuck="too slow")),
        "Stalled: Starting ProgressDeadlineExceeded",
    ),
    "one crashes": (troubled(crashed(message="no database")), "Reconciling: Crashing Exited"),
    "one of an autoscaler's many crashes": (
        troubled(crashed(), rollout=but(total=8, updated=8, ready=7, available=7), counts=EIGHT),
        "Ready: Crashing Exited",
    ),
    "another type is broken": (
        seen(problems=[Problem("web", "InvalidSpec", "podTemplate: rename the sidecar")]),
        "Stalled: Running",
    ),
    "it can't be written": (seen(problems=[REFUSED], deployments={}), "Stalled: Starting Refused"),
    "it can't be rendered, and somebody took its annotation away": (
        seen(intents={}, deployments={"worker": BARE}, problems=[REFUSED]),
        "Stalled: Running Refused",
    ),
    "a change is refused": (seen(counts=FOUR, problems=[REFUSED], **BEHIND), "Stalled: Running Refused"),
    "a change is refused, and what runs crashes": (
        troubled(crashed(), problems=[REFUSED], **BEHIND),
        "Stalled: Crashing Exited",
    ),
    "a change waits": (seen(counts=FOUR, paused=True, problems=[WAITS], **BEHIND), "Paused: Running Paused"),
    "a change waits, and what runs crashes": (
        troubled(crashed(), paused=True, problems=[WAITS], **BEHIND),
        "Paused: Crashing Exited",
    ),
    "a better command waits": (
        seen(paused=True, problems=[WAITS], findings={"worker": [BAD]}, **BEHIND),
        "Paused: Crashing BadCommand",
    ),
    "it was paused before it was made": (
        seen(paused=True, problems=[WAITS], deployments={}),
        "Paused: Starting Paused",
    ),
    "it is paused, and another client has changed it": (
        seen(paused=True, problems=[WAITS]),
        "Paused: Running",
    ),
    "it is paused, and as declared": (seen(paused=True), "Ready Paused: Running"),
    "it is paused, as declared, and starts": (
        seen(but(available=1), paused=True),
        "Paused: Starting Progressing",
    ),
    "its Deployment isn't as intended yet": (seen(**BEHIND), "Reconciling: Starting Progressing"),
    "a policy rewrites its image": (
        seen(deployments={"worker": MIRRORED}, intents=images(worker="shop")),
        "Ready Overridden: Running",
    ),
    "its revision has run well": (
        seen(revision=Revision(name="shop-1", number=1, ready=True)),
        "Ready: Running",
    ),
    "its command leaves the foreground": (seen(processes=CRON), "Ready Daemonizing: Running"),
}


@pytest.mark.parametrize(("world", "short"), WORLDS.values(), ids=WORLDS)
def test_what_a_pass_saw_is_reported(world: Observation, short: str, snapshot: SnapshotAssertion) -> None:
    computed = status_of(world, {}, NOW)
    found, process = conditions(computed), computed["processes"]["worker"]
    true = " ".join(kind for kind, item in found.items() if item["status"] == "True")
    assert f"{true}: {process['state']} {process.get('reason', '')}".rstrip() == short
    assert "Ready" in found
    assert computed == snapshot


@pytest.mark.parametrize(
    ("types", "shown"),
    [
        (images(clock="shop:v1", web="shop:v1", worker="shop:v1"), "shop:v1"),
        (images(clock="shop:v1", web="nginx:1", worker="shop:v1"), "shop:v1 and 1 more"),
        (images(clock="cron:v3", web="nginx:1", worker="shop:v1"), "cron:v3 and 2 more"),
        (images(worker="shop:v1"), "shop:v1"),
        ({}, None),
    ],
    ids=["one image", "a type's own", "only their own", "what couldn't be rendered has none", "nothing"],
)
def test_the_image_of_most_types_is_shown_and_that_others_run_another(
    types: dict[str, Intent], shown: str | None
) -> None:
    counts = {name: Replicas(desired=1, rendered=1, remembered=1) for name in ("clock", "web", "worker")}
    assert status_of(seen(counts=counts, intents=types), {}, NOW).get("image") == shown


def test_web_feeds_the_scale_subresource() -> None:
    world = seen(counts={"web": Replicas(2, 2, 2)}, deployments={"web": a_child(rollout=DONE)})
    computed = status_of(world, {}, NOW)
    assert computed["replicas"] == 2
    assert computed["selector"] == naming.selector_string("shop", "web", naming.STABLE)


# What was said before


def test_a_warning_about_a_command_goes_with_the_command() -> None:
    warned = status_of(seen(processes=CRON), {}, NOW)
    assert status_of(seen(), warned, LATER) != warned


ODD: list[dict[str, Any]] = [
    {"conditions": [{}, "Ready", {"type": ["Ready"]}, {"type": "Ready", "status": "True"}]},
    {"conditions": {"type": "Ready"}, "processes": [1]},
    {"processes": {"worker": "fine"}},
    {"processes": {"worker": {"lastExit": "none", "readyReplicas": "all", "state": 7}}},
    {"observedGeneration": "3", "processes": {"worker": None}},
]


@pytest.mark.parametrize("odd", ODD)
def test_a_status_of_anybodys_hand_is_computed_anew(odd: dict[str, Any]) -> None:
    computed = status_of(seen(), odd, NOW)
    assert computed == status_of(seen(), {}, NOW)
    assert computed != odd
    assert [*change_events.notices(odd, computed)] == []
    stalled = compute.stalled(4, Problem("", "InvalidSpec", "spec.processes: wrong"), odd, NOW)
    assert conditions(stalled)["Stalled"]["lastTransitionTime"] == NOW


# How processes ended


def test_the_last_exit_outlives_its_pod_until_there_is_a_later_one() -> None:
    first = status_of(troubled(crashed(before=60)), {}, NOW)
    after = status_of(seen(), first, LATER)
    assert after["processes"]["worker"]["lastExit"] == first["processes"]["worker"]["lastExit"]
    assert worker(troubled(crashed(before=90)), after)["lastExit"]["finishedAt"] == ago(60)
    assert worker(troubled(crashed(before=5)), after)["lastExit"]["finishedAt"] == ago(5)


def test_a_last_exit_names_the_probe_that_the_process_was_ended_for_and_goes_on_doing_so() -> None:
    probe = Finding(words.State.CRASHING, words.Reason.LIVENESS_PROBE_FAILED, "its probe failed", last=ago(5))
    graver = dataclasses.replace(BAD, own=False, beside=probe)
    for found in (probe, graver):
        first = status_of(dataclasses.replace(troubled(crashed()), findings={"worker": [found]}), {}, NOW)
        last = first["processes"]["worker"]["lastExit"]
        assert (last["reason"], last["message"], last["exitCode"]) == (probe.reason, probe.message, 1)
        assert worker(troubled(crashed()), first)["lastExit"] == last
        assert worker(troubled(crashed(before=2)), first)["lastExit"]["reason"] == "Exited"


def test_how_a_process_ended_that_was_told_to_end_is_no_news() -> None:
    going = crashed()
    going["metadata"]["deletionTimestamp"] = ago(1)
    assert "lastExit" not in worker(troubled(going))


def test_a_pod_of_a_version_before_gives_its_exit_but_no_state() -> None:
    process = worker(seen(pods={"worker": [known(crashed())]}))
    assert (process["state"], process["lastExit"]["reason"]) == ("Running", "Exited")


def test_restarts_are_those_of_all_its_containers_and_of_no_other_type() -> None:
    web = a_pod(a_container(running(), restarts=9), labels={"formations.dev/process-type": "web"})
    both = a_pod(a_container(running(), restarts=1), a_container(running(), "helper", restarts=2), name="b")
    assert worker(troubled(both, web))["restarts"] == 3


PODS = st.lists(
    broken_pods()
    | st.builds(crashed, st.sampled_from("abc"), code=st.integers(0, 3), before=st.integers(0, 2)),
    max_size=4,
)


SPECS = st.fixed_dictionaries(
    {
        "counts": st.sampled_from([(2, 2), (8, None), (0, 0)]).map(
            lambda each: {"worker": Replicas(*each, 2)}
        ),
        "paused": st.booleans(),
    }
)


@given(PODS, ROLLOUT, ROLLOUT, SPECS, st.randoms(use_true_random=False))
def test_the_same_facts_give_the_same_status_in_whatever_order_and_however_often(
    raws: list[Manifest],
    rollout: DeploymentStatus,
    past: DeploymentStatus,
    spec: dict[str, Any],
    chance: random.Random,
) -> None:
    def report(
        pods_seen: list[Manifest], figures: DeploymentStatus, previous: compute.Status, now: str
    ) -> compute.Status:
        return status_of(troubled(*pods_seen, rollout=figures, **spec), previous, now)

    before = report([], past, {}, NOW)
    first = report(raws, rollout, before, NOW)
    again = report(chance.sample(raws, len(raws)), rollout, first, LATER)
    assert again == first
    assert {process["state"] for process in first["processes"].values()} <= {*words.State}
    assert all(len(item["message"]) < 4096 for item in first["conditions"])
    assert not {"Reconciling", "Stalled"} <= {*conditions(first)}
