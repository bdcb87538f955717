"""What is reported, and that it is a fixed point."""

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import reasons as words
from formation_operator.diagnose import diagnosis, exits, investigator
from formation_operator.diagnose.finding import Finding
from formation_operator.observe import pods
from formation_operator.observe.faults import Problem
from formation_operator.observe.pods import Pod
from formation_operator.observe.rollouts import Rollout
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import change_events, compute
from formation_operator.status.observation import Seen
from tests import builders
from tests.builders import Manifest, a_container, a_pod, ago, ended, running
from tests.unit.broken_pods import broken_pods
from tests.unit.facts import DONE, INTENT, LATER, NOW, ROLLOUT, a_child, seen, status_of


def conditions(computed: compute.Status) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in computed["conditions"]}


def test_a_formation_that_runs_as_declared_is_ready_and_nothing_else() -> None:
    computed = status_of(seen(), {}, NOW)
    assert list(conditions(computed)) == ["Ready"]
    assert conditions(computed)["Ready"]["status"] == "True"
    assert computed["observedGeneration"] == 3
    assert computed["summary"] == "worker=2/2"


def images(**types: str) -> dict[str, dict[str, str]]:
    return {name: {name: image, "sidecar": "proxy:v9"} for name, image in types.items()}


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
    types: dict[str, dict[str, str]], shown: str | None
) -> None:
    counts = {name: Replicas(desired=1, rendered=1, remembered=1) for name in ("clock", "web", "worker")}
    assert status_of(seen(counts=counts, images=types), {}, NOW).get("image") == shown


def test_a_spec_that_cannot_be_used_leaves_the_image_of_what_runs() -> None:
    problem = Problem("", words.Trouble.INVALID_SPEC, "no", lasting=True)
    before = status_of(seen(images=images(worker="shop:v1")), {}, NOW)
    assert compute.stalled(4, problem, before, LATER)["image"] == "shop:v1"


def test_seeing_the_same_again_gives_the_same_status() -> None:
    first = status_of(seen(), {}, NOW)
    again = status_of(seen(), first, LATER)
    assert again == first
    assert not compute.differs(again, first)


def test_a_time_moves_only_with_its_status() -> None:
    first = status_of(seen(), {}, NOW)
    starting = dataclasses.replace(DONE, available=1, ready=1)
    second = status_of(seen(starting), first, LATER)
    assert conditions(second)["Ready"]["lastTransitionTime"] == LATER
    third = status_of(seen(dataclasses.replace(DONE, available=0)), second, "2026-01-01T00:09:00Z")
    assert conditions(third)["Ready"]["lastTransitionTime"] == LATER


@pytest.mark.parametrize(
    "rollout",
    [
        dataclasses.replace(DONE, current=False),
        dataclasses.replace(DONE, updated=1),
        dataclasses.replace(DONE, total=3),
        dataclasses.replace(DONE, available=1),
    ],
    ids=["figures of an older spec", "old pods", "one too many", "one not available"],
)
def test_a_rollout_under_way_is_reconciling_and_not_ready(rollout: Rollout) -> None:
    found = conditions(status_of(seen(rollout), {}, NOW))
    assert set(found) == {"Ready", "Reconciling"}
    assert found["Ready"]["status"] == "False"


@pytest.mark.parametrize(
    "rollout",
    [
        dataclasses.replace(DONE, available=1, stuck="too slow"),
        dataclasses.replace(
            DONE, available=1, blocked='pods "x" is forbidden: violates PodSecurity "restricted"'
        ),
    ],
)
def test_what_waiting_will_not_mend_is_stalled_and_not_reconciling(rollout: Rollout) -> None:
    found = conditions(status_of(seen(rollout), {}, NOW))
    assert set(found) == {"Ready", "Stalled"}


def test_a_type_whose_count_is_not_ours_stays_ready_while_it_grows() -> None:
    growing = dataclasses.replace(DONE, total=5, updated=5, available=3)
    theirs = {"worker": Replicas(desired=5, rendered=None, remembered=5)}
    assert set(conditions(status_of(seen(growing, counts=theirs), {}, NOW))) == {"Ready"}


def test_one_broken_type_names_itself_and_the_way_out() -> None:
    problem = Problem("web", "InvalidSpec", "podTemplate: rename the sidecar")
    found = conditions(status_of(seen(problems=[problem]), {}, NOW))
    assert found["Stalled"]["message"] == "web: podTemplate: rename the sidecar"


def test_an_image_that_a_policy_rewrites_is_told_and_keeps_the_formation_ready() -> None:
    child = a_child(rollout=DONE, replicas=2, owns_count=True, images=(("worker", "mirror/shop"),))
    computed = status_of(seen(deployments={"worker": child}, images={"worker": {"worker": "shop"}}), {}, NOW)
    found = conditions(computed)
    assert found["Ready"]["status"] == "True"
    assert "mirror/shop" in found["Overridden"]["message"]


def test_a_paused_formation_says_so_and_is_ready_only_if_it_runs_as_declared() -> None:
    found = conditions(status_of(seen(paused=True), {}, NOW))
    assert found["Ready"]["status"] == "True"
    assert found["Paused"]["status"] == "True"
    behind = conditions(status_of(seen(dataclasses.replace(DONE, total=1), paused=True), {}, NOW))
    assert set(behind) == {"Ready", "Paused"}


def test_a_command_that_leaves_the_foreground_is_told_and_changes_nothing_else() -> None:
    warned = status_of(seen(daemonizing=["worker: cron goes into the background"]), {}, NOW)
    found = conditions(warned)
    assert set(found) == {"Ready", "Daemonizing"}
    assert found["Ready"] == conditions(status_of(seen(), {}, NOW))["Ready"]
    assert found["Daemonizing"]["status"] == "True"
    assert found["Daemonizing"]["reason"] == "CommandLeavesForeground"
    assert found["Daemonizing"]["message"] == "worker: cron goes into the background"


def test_a_warning_about_a_command_goes_with_the_command() -> None:
    warned = status_of(seen(daemonizing=["worker: cron goes into the background"]), {}, NOW)
    assert compute.differs(status_of(seen(), warned, LATER), warned)


def test_a_spec_that_cannot_be_read_keeps_the_figures_and_stalls() -> None:
    before = status_of(seen(), {}, NOW)
    computed = compute.stalled(4, Problem("", "InvalidSpec", "spec.processes: wrong"), before, LATER)
    assert computed["summary"] == before["summary"]
    assert computed["observedGeneration"] == 4
    assert set(conditions(computed)) == {"Ready", "Stalled"}


def test_a_condition_of_somebody_else_causes_no_write() -> None:
    ours = status_of(seen(), {}, NOW)
    theirs = {"type": "Audited", "status": "True"}
    both = {**ours, "conditions": [*ours["conditions"], theirs]}
    assert not compute.differs(ours, both)


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
    assert compute.differs(computed, odd)
    assert [*change_events.notices(odd, computed)] == []
    stalled = compute.stalled(4, Problem("", "InvalidSpec", "spec.processes: wrong"), odd, NOW)
    assert conditions(stalled)["Stalled"]["lastTransitionTime"] == NOW


def test_web_feeds_the_scale_subresource() -> None:
    world = seen(counts={"web": Replicas(2, 2, 2)}, deployments={"web": a_child(rollout=DONE)})
    computed = status_of(world, {}, NOW)
    assert computed["replicas"] == 2
    assert computed["selector"] == "formations.dev/formation=shop,formations.dev/process-type=web"


# Each type: how it is, and how its processes ended


def troubled(*raws: Manifest, rollout: Rollout = DONE, **changes: Any) -> Seen:
    """Return what a pass sees of Pods, and finds wrong with them."""
    kept = [pod for raw in raws if (pod := pods.pod(raw)) is not None]
    found = [found for pod in kept if (found := diagnosis.finding(pod, builders.NOW)) is not None]
    return seen(rollout, pods=investigator.by_type(kept), findings={"worker": found}, **changes)


def worker(world: Seen, previous: compute.Status | None = None) -> dict[str, Any]:
    process: dict[str, Any] = status_of(world, previous or {}, NOW)["processes"]["worker"]
    return process


def crashed(name: str = "a", **how: Any) -> Manifest:
    return a_pod(a_container(ended(how.pop("code", 1), **how), restarts=3), name=name)


def test_a_type_that_runs_says_so_and_nothing_else() -> None:
    assert worker(seen()) == {
        "desiredReplicas": 2,
        "readyReplicas": 2,
        "updatedReplicas": 2,
        "selector": "formations.dev/formation=shop,formations.dev/process-type=worker",
        "state": "Running",
        "restarts": 0,
    }


def test_a_crash_is_told_by_the_type_and_by_the_conditions() -> None:
    computed = status_of(troubled(crashed(message="no database")), {}, NOW)
    process, found = computed["processes"]["worker"], conditions(computed)
    sentence = f"1 of 2: exited with code 1: no database (3 restarts), last at {ago(5)}"
    assert (process["state"], process["reason"], process["restarts"]) == ("Crashing", "Exited", 3)
    assert process["message"] == sentence
    assert process["lastExit"] == {
        "exitCode": 1,
        "reason": "Exited",
        "message": "exited with code 1: no database",
        "finishedAt": ago(5),
    }
    assert set(found) == {"Ready", "Reconciling"}
    assert (found["Ready"]["reason"], found["Ready"]["message"]) == ("Exited", f"worker: {sentence}")


def test_the_last_exit_outlives_its_pod_until_there_is_a_later_one() -> None:
    first = status_of(troubled(crashed(before=60)), {}, NOW)
    after = status_of(seen(), first, LATER)
    assert after["processes"]["worker"]["lastExit"] == first["processes"]["worker"]["lastExit"]
    assert worker(troubled(crashed(before=90)), after)["lastExit"]["finishedAt"] == ago(60)
    assert worker(troubled(crashed(before=5)), after)["lastExit"]["finishedAt"] == ago(5)


def test_of_two_about_the_same_exit_the_fresh_one_counts() -> None:
    before = {"processes": {"worker": {"lastExit": {"finishedAt": ago(5), "message": "zzz, in older words"}}}}
    assert worker(troubled(crashed()), before)["lastExit"]["message"] == "exited with code 1"


def test_a_last_exit_names_the_probe_that_the_process_was_ended_for_and_goes_on_doing_so() -> None:
    sentence = "was restarted because its liveness probe failed"
    found = Finding(words.State.CRASHING, words.Reason.LIVENESS_PROBE_FAILED, sentence, last=ago(5))
    first = status_of(dataclasses.replace(troubled(crashed()), findings={"worker": [found]}), {}, NOW)
    assert first["processes"]["worker"]["lastExit"] == {
        "exitCode": 1,
        "reason": "LivenessProbeFailed",
        "message": sentence,
        "finishedAt": ago(5),
    }
    later = worker(troubled(crashed()), first)
    assert later["lastExit"] == first["processes"]["worker"]["lastExit"]
    assert worker(troubled(crashed(before=2)), first)["lastExit"]["reason"] == "Exited"


def test_a_last_exit_is_explained_although_another_containers_trouble_is_graver() -> None:
    own = Finding(words.State.CRASHING, words.Reason.LIVENESS_PROBE_FAILED, "its probe failed", last=ago(5))
    graver = Finding(
        words.State.CRASHING, words.Reason.BAD_COMMAND, "no", lasting=True, own=False, beside=own
    )
    last = worker(dataclasses.replace(troubled(crashed()), findings={"worker": [graver]}))["lastExit"]
    assert (last["reason"], last["message"]) == ("LivenessProbeFailed", "its probe failed")


@pytest.mark.parametrize("record", [{"message": "x"}, {"finishedAt": "", "message": "x"}, {}])
def test_a_last_exit_without_a_time_gives_way(record: dict[str, Any]) -> None:
    before = {"processes": {"worker": {"lastExit": record}}}
    assert worker(troubled(crashed()), before)["lastExit"]["finishedAt"] == ago(5)
    assert worker(seen(), before).get("lastExit", {}) == record


def test_how_a_process_ended_that_was_told_to_end_is_no_news() -> None:
    going = crashed()
    going["metadata"]["deletionTimestamp"] = ago(1)
    assert "lastExit" not in worker(troubled(going))


def test_restarts_are_those_of_all_its_containers_and_of_no_other_type() -> None:
    web = a_pod(a_container(running(), restarts=9), labels={"formations.dev/process-type": "web"})
    both = a_pod(a_container(running(), restarts=1), a_container(running(), "helper", restarts=2), name="b")
    assert worker(troubled(both, web))["restarts"] == 3


def test_of_several_reasons_ready_gives_the_one_that_tells_more_than_progress() -> None:
    starting = dataclasses.replace(DONE, available=1)
    counts = {name: Replicas(2, 2, 2) for name in ("clock", "worker")}
    world = seen(
        counts=counts,
        deployments={name: a_child(rollout=starting, replicas=2) for name in counts},
        digests=dict.fromkeys(counts, INTENT.digest),
    )
    assert conditions(status_of(world, {}, NOW))["Ready"]["reason"] == "Progressing"
    crash = Finding(words.State.CRASHING, words.Reason.EXITED, "exited with code 1")
    world = dataclasses.replace(world, findings={"worker": [crash]})
    found = conditions(status_of(world, {}, NOW))["Ready"]
    assert found["reason"] == "Exited"
    assert "clock: 1 of 2 available" in found["message"]


def test_an_unready_type_of_an_autoscaler_that_has_enough_others_keeps_the_formation_ready() -> None:
    many = Rollout(current=True, total=8, updated=8, ready=7, available=7, serving=True)
    theirs = {"worker": Replicas(desired=8, rendered=None, remembered=8)}
    computed = status_of(troubled(crashed(), rollout=many, counts=theirs), {}, NOW)
    assert conditions(computed)["Ready"]["status"] == "True"
    assert computed["processes"]["worker"]["state"] == "Crashing"


def test_a_type_that_can_not_be_written_says_why_itself() -> None:
    refused = Problem("worker", words.Trouble.REFUSED, "spec.template: no such volume")
    found = status_of(dataclasses.replace(troubled(), problems=[refused], deployments={}), {}, NOW)
    worker = found["processes"]["worker"]
    assert (worker["reason"], worker["message"]) == ("Refused", "spec.template: no such volume")
    assert conditions(found)["Stalled"]["message"] == "worker: spec.template: no such volume"


BEHIND = {"worker": "another"}
REFUSED = Problem("worker", words.Trouble.REFUSED, "spec.template: no such volume")
WAITS = "a change waits: spec.paused is true"


@pytest.mark.parametrize(
    ("kept_by", "reason", "says", "kinds"),
    [
        ({"paused": True}, "Paused", WAITS, {"Ready", "Paused"}),
        ({"problems": [REFUSED]}, "Refused", REFUSED.message, {"Ready", "Stalled"}),
    ],
    ids=["paused", "refused"],
)
def test_while_a_change_is_kept_from_a_type_it_is_told_how_what_runs_is(
    kept_by: dict[str, Any], reason: str, says: str, kinds: set[str]
) -> None:
    four = {"worker": Replicas(desired=4, rendered=4, remembered=4)}
    well = status_of(seen(digests=BEHIND, counts=four, **kept_by), {}, NOW)
    shown = well["processes"]["worker"]
    assert (shown["state"], shown["reason"], shown["message"]) == ("Running", reason, says)
    assert set(conditions(well)) == kinds
    assert conditions(well)["Ready"]["status"] == "False"
    ill = status_of(troubled(crashed(), digests=BEHIND, **kept_by), {}, NOW)
    shown = ill["processes"]["worker"]
    assert (shown["state"], shown["reason"]) == ("Crashing", "Exited")
    assert shown["message"] == f"1 of 2: exited with code 1 (3 restarts), last at {ago(5)}; {says}"
    assert set(conditions(ill)) == kinds


def test_a_type_that_cannot_be_rendered_says_so_though_somebody_takes_its_annotation_away() -> None:
    bare = dataclasses.replace(seen().deployments["worker"], digest=None)
    world = seen(digests={}, deployments={"worker": bare}, problems=[REFUSED])
    assert worker(world)["message"] == REFUSED.message


def test_a_bad_command_that_runs_while_a_better_one_waits_stalls_nothing() -> None:
    bad = Finding(words.State.CRASHING, words.Reason.BAD_COMMAND, "no such program", lasting=True)
    world = seen(digests=BEHIND, paused=True, findings={"worker": [bad]})
    assert set(conditions(status_of(world, {}, NOW))) == {"Ready", "Paused"}


def test_a_paused_type_that_was_never_made_waits() -> None:
    assert worker(seen(paused=True, deployments={}))["message"] == WAITS


def test_a_paused_type_that_is_as_declared_has_no_change_that_waits() -> None:
    starting = dataclasses.replace(DONE, available=1)
    assert worker(seen(starting, paused=True))["message"] == "1 of 2 available"


def test_the_figures_of_a_deployment_that_is_not_as_intended_yet_say_nothing() -> None:
    done = Rollout(current=True, total=2, updated=2, ready=2, available=2, serving=True)
    world = dataclasses.replace(troubled(rollout=done), digests={"worker": "another"})
    found = conditions(status_of(world, {}, NOW))["Ready"]
    assert (found["status"], found["message"]) == ("False", "worker: the rollout is about to begin")


def test_while_an_autoscaler_adds_some_a_formation_that_was_ready_stays_so() -> None:
    few = Rollout(current=True, total=2, updated=2, ready=2, available=2, serving=True)
    more = dataclasses.replace(few, current=False, serving=False)
    theirs = {"worker": Replicas(desired=8, rendered=None, remembered=8)}
    before = status_of(troubled(rollout=few, counts=theirs), {}, NOW)

    after = status_of(troubled(rollout=more, counts=theirs), before, LATER)

    assert conditions(after)["Ready"]["status"] == "True"
    fresh = status_of(troubled(rollout=more, counts=theirs), {}, LATER)
    changed = dataclasses.replace(troubled(rollout=more, counts=theirs), generation=9)
    for started in (fresh, status_of(changed, before, LATER)):
        assert conditions(started)["Ready"]["status"] == "False"


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
        "suspended": st.booleans(),
        "paused": st.booleans(),
    }
)


@given(PODS, ROLLOUT, ROLLOUT, SPECS, st.randoms(use_true_random=False))
def test_the_same_facts_give_the_same_status_in_whatever_order_and_however_often(
    raws: list[Manifest], rollout: Rollout, past: Rollout, spec: dict[str, Any], chance: random.Random
) -> None:
    def report(
        pods_seen: list[Manifest], figures: Rollout, previous: compute.Status, now: str
    ) -> compute.Status:
        return status_of(troubled(*pods_seen, rollout=figures, **spec), previous, now)

    before = report([], past, {}, NOW)
    first = report(raws, rollout, before, NOW)
    again = report(chance.sample(raws, len(raws)), rollout, first, LATER)
    assert again == first
    assert not compute.differs(again, first)
    assert {process["state"] for process in first["processes"].values()} <= {*words.State}
    assert all(len(item["message"]) < 4096 for item in first["conditions"])
    assert not {"Reconciling", "Stalled"} <= {*conditions(first)}


def test_of_two_exits_in_the_same_second_it_is_always_the_same_that_is_the_last() -> None:
    one, other = crashed("a", code=1), crashed("b", code=2)
    assert worker(troubled(one, other))["lastExit"] == worker(troubled(other, one))["lastExit"]


def test_a_pod_of_a_version_before_gives_its_exit_but_no_state() -> None:
    kept: list[Pod] = [pod for pod in [pods.pod(crashed())] if pod]
    process = worker(seen(pods={"worker": kept}))
    assert process["state"] == "Running"
    assert process["lastExit"]["reason"] == words.Reason.EXITED
    assert exits.record_of(kept[0], "worker") == process["lastExit"]
