"""What may run, and how many: nothing that people, clusters and time do to a Formation breaks a promise."""

import pytest

from tests.unit.gates.holes import CANARIES, HOLES, PLAIN, RELEASED, RELEASING, Step
from tests.unit.gates.machine import Gates
from tests.unit.gates.walk import walk

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_breaks_a_promise(seed: int) -> None:
    walk(seed, shrinks=False)  # `python -m tests.unit.gates.walk --seed` of that number shrinks it


@pytest.mark.parametrize("story", HOLES.values(), ids=HOLES)
def test_a_hole_that_was_closed_stays_closed(story: tuple[Step, ...]) -> None:
    with Gates().playing(*story) as gates:
        gates.all_becomes_well()


DEFAULT, FULL, FREE = ("change_canary", None), ("quota", "Pod"), ("quota", "Pod", False)
CRASHES, STOP, START = ("deploy", "crashes"), ("stop", True), ("stop", False)


def after(seconds: float) -> tuple[str, float]:
    return "time_passes", seconds


STAYS: dict[str, tuple[Step, ...]] = {
    "the count of the type that failed goes to zero and back": (
        *(PLAIN, ("deploy", "crashes", "succeeds", None, "worker"), after(60), ("scale", "worker", 0)),
        *(after(30), ("scale", "worker", 2), after(30)),
    ),
    "it had no room, and comes again when there is some": (
        *(PLAIN, DEFAULT, FULL, CRASHES, after(80), ("deploy_again", 1), after(70), FREE),
        *(("deploy_again", 2), after(3)),
    ),
    "it had no room, and is paused until there is some": (
        *(PLAIN, DEFAULT, FULL, CRASHES, after(59), ("pause",), after(10), FREE, ("pause", False), after(60)),
    ),
    "it had no room for long, and just now nobody declares canaries any more": (
        *(PLAIN, FULL, CRASHES, after(100), DEFAULT, after(30)),
    ),
    "the version before it had no room either": (
        *(PLAIN, DEFAULT, FULL, CRASHES, after(50), CRASHES, after(30)),
    ),
    "nobody declares counts, and all is stopped amid its try": (
        *(PLAIN, ("declare_count", "web", None), ("declare_count", "worker", None), after(5)),
        *(("deploy", "hangs"), after(3), STOP, after(5), START, after(30)),
    ),
    "it has failed, and nobody has declared canaries": (
        *(PLAIN, DEFAULT, CRASHES, after(60), ("lose_deployments", CANARIES), ("quota", "Deployment")),
        after(100),
    ),
    "its failure is known by an orphan alone, and it has no room after that": (
        *(PLAIN, DEFAULT, CRASHES, after(60), ("restore", {"revisions", "children", "fields"})),
        *(("lose_deployments", CANARIES), ("quota", "Deployment"), after(100)),
    ),
    "all Deployments are deleted after it has failed": (
        *(PLAIN, CRASHES, after(60), ("new_leader",), ("lose", "Deployment"), after(70)),
    ),
    "one type of it has failed, and comes again without processes of that": (
        *(PLAIN, ("deploy", "crashes", "succeeds", 0, "worker"), after(700), ("deploy_again", 1), after(70)),
        *(("declare_count", "worker", 2), after(70), ("deploy_again", 2), after(70), ("deploy_again", 1)),
        *(after(70), ("declare_count", "worker", 0), ("deploy_again", 2), after(3)),
    ),
    "its canaries have no room for long": (PLAIN, ("quota", "Deployment"), CRASHES, after(700)),
    "its status is lost with the leader": (
        *(PLAIN, ("deploy", "hangs"), after(5), STOP, after(5), ("lose_status",), ("new_leader",), START),
        after(70),
    ),
    "its status is lost with the leader, and the next one finds all stopped": (
        *(PLAIN, ("deploy", "hangs"), after(5), STOP, after(5), ("lose_status",), ("new_leader",), after(5)),
        *(START, after(70)),
    ),
    "a newer one is declared while its release runs": (
        *(RELEASING, CRASHES, after(0.5), ("deploy", "good", "hangs"), after(70)),
    ),
    "another release has succeeded since it ran well": (
        *(RELEASING, ("deploy",), after(700), ("deploy_again", 1), after(700), CRASHES, after(70)),
        *(("policy", "Pod"), ("deploy_again", 2), after(70)),
    ),
    "it ran well in an earlier life of the Formation": (
        *(PLAIN, ("deploy",), after(700), ("deploy_again", 1), after(700)),
        *(("restore", {"revisions", "children", "fields", "status"}), after(70), ("policy", "Pod")),
        *(("deploy_again", 2), after(70)),
    ),
    "a new leader comes while its release runs": (
        *(RELEASING, CRASHES, after(0.5), STOP, ("new_leader",), after(30), START, after(70)),
    ),
    "what runs as a singleton isn't kept": (
        *(PLAIN, ("change_singleton", True), after(70), ("lose", "ControllerRevision"), ("new_leader",)),
        *(("change_singleton", False), ("deploy", "hangs"), after(5)),
    ),
    "a singleton becomes several": (
        *(PLAIN, ("change_singleton", True), after(70), ("change_singleton", False)),
        *(("change_variable", "glad"), after(70)),
    ),
    "a count can't be written at first": (
        *(PLAIN, after(5), ("fail", 0, "unavailable", False, 1, "patch"), ("scale", "worker", 5), after(70)),
    ),
    "its release fails": (RELEASING, ("deploy", "good", "fails"), after(70)),
    "it has failed, and nobody wants canaries from the next one on, whose release hangs": (
        *(RELEASING, CRASHES, after(60), ("change_canary", 0), ("deploy", "good", "hangs"), after(70)),
    ),
    "its number can't be written": (
        *(PLAIN, ("deploy",), after(1), ("fail", 0, "unavailable", False, 1e9, "select"), after(70)),
    ),
    "a type goes in the next edit": (
        *(PLAIN, ("change_type", "extra"), after(70), CRASHES, after(5), ("change_type", "extra", False)),
        after(70),
    ),
    "somebody has forged what runs": (PLAIN, ("forge", True), CRASHES, after(70)),
    "its revision can't be written before the app is stopped": (
        *(PLAIN, ("quota", "ControllerRevision"), CRASHES, after(5), STOP, after(5)),
        *(("quota", "ControllerRevision", False), after(700), START, after(70)),
    ),
    "its revision can't be written, and the next leader finds the app about to stop": (
        *(PLAIN, ("quota", "ControllerRevision"), CRASHES, after(5), ("new_leader",), STOP, after(5)),
        *(("quota", "ControllerRevision", False), after(700), START, after(70)),
    ),
    "its revision can't be written, and the next leader finds the app stopped": (
        *(PLAIN, ("quota", "ControllerRevision"), CRASHES, after(5), STOP, after(5), ("lose_status",)),
        *(("new_leader",), after(5), ("quota", "ControllerRevision", False), after(700), START, after(70)),
    ),
    "another client has the old processes of types of one process end first": (
        *(PLAIN, ("declare_count", "web", 1), ("declare_count", "worker", 1), after(70)),
        *(("edit_strategy", "web"), ("edit_strategy", "worker"), CRASHES, after(70)),
    ),
    "it is declared while paused, and stopped after that": (
        *(PLAIN, ("change_schedule",), after(5), ("pause",), CRASHES, after(5), STOP, after(5)),
        *(("pause", False), after(5), START, after(70)),
    ),
    "all Deployments are deleted while its release runs, and a new leader finds the app stopped": (
        *(RELEASING, CRASHES, after(0.5), STOP, ("new_leader",), ("lose", "Deployment"), after(30), START),
        after(70),
    ),
    "a content with the same release comes before the stop": (
        *(RELEASING, CRASHES, after(0.5), ("change_command", "worker", "/two"), after(0.3), STOP, after(30)),
        *(START, after(70)),
    ),
    "its release fails, and the app is stopped and started": (
        *(RELEASING, ("change_autoscaling", 1), after(70), ("deploy", "good", "fails"), after(30), STOP),
        *(after(30), START, after(30)),
    ),
    "its release hangs, and all is stopped and started": (
        *(RELEASING, ("change_schedule",), after(70), ("deploy", "good", "hangs"), after(5), STOP, after(5)),
        *(START, after(30), ("fail", 0, "unavailable", False, 1e9, "select"), ("deploy",), after(5)),
    ),
    "its release has to wait, and the app is stopped": (
        *(RELEASING, ("deploy", "good", "hangs"), after(5), CRASHES, after(5), STOP, after(5)),
        *(("lose", "Job"), after(70), START, after(70)),
    ),
    "its revision is lost with the leader": (
        *(PLAIN, CRASHES, after(60), ("lose", "ControllerRevision"), ("new_leader",), STOP, after(30), START),
        after(70),
    ),
    "its Deployments are deleted with the status while it is tried, and a new leader comes": (
        *(PLAIN, ("deploy", "hangs"), after(5), ("lose_status",), ("new_leader",), ("lose", "Deployment")),
        after(70),
    ),
    "its Deployments and its revision are deleted while it is tried, and a new leader comes": (
        *(PLAIN, ("deploy", "hangs"), after(5), ("lose", "ControllerRevision", True), ("new_leader",)),
        *(("lose", "Deployment"), after(70)),
    ),
    "only the status says that a type has failed whose count goes to zero": (
        *(PLAIN, ("deploy", "crashes", "succeeds", None, "worker"), after(60)),
        *(("lose", "ControllerRevision"), ("new_leader",), ("scale", "worker", 0), after(30)),
        *(("scale", "worker", 2), after(30)),
    ),
    "its release succeeds after somebody went back, and the next one hangs": (
        *(RELEASED, ("deploy",), after(1.5), ("deploy_again", 1), after(70), ("deploy", "good", "hangs")),
        after(70),
    ),
    "its canaries have to stand for longer once they have stood, but it couldn't be numbered": (
        *(PLAIN, ("fail", 0, "unavailable", False, 1e9, "select"), ("deploy",), after(20)),
        *(("change_canary", 30), ("calls_succeed",), after(5)),
    ),
    "it had no room for long but couldn't be numbered, and a backup's status says that it has failed": (
        *(PLAIN, DEFAULT, FULL, ("fail", 0, "unavailable", False, 1e9, "select"), CRASHES, after(70)),
        *(("lose_status", {"canary": {"state": "Failed"}}), ("calls_succeed",), after(70)),
    ),
    "an earlier Formation has released it, and it failed": (
        *(RELEASING, CRASHES, after(60), ("restore", {"revisions", "children", "fields"})),
        *(("policy", "Job"), ("mend",), after(700)),
    ),
    "it had no room for long but couldn't be numbered, and is paused until there is some": (
        *(PLAIN, DEFAULT, FULL, ("fail", 0, "unavailable", False, 1e9, "select"), CRASHES, after(70)),
        *(("pause",), after(5), FREE, ("calls_succeed",), ("pause", False), after(70)),
    ),
    "the CRD loses its release command": (
        *(RELEASING, CRASHES, after(60), ("install_crd", {"release"}), ("scale", "worker", 5), after(10)),
        *(STOP, after(10), ("install_crd", set[str]()), after(10), START, after(70)),
    ),
}
"""Stories in which nothing but canaries of a newer version may run."""


@pytest.mark.parametrize("story", STAYS.values(), ids=STAYS)
def test_a_version_that_was_not_let_through_replaces_nothing_though(story: tuple[Step, ...]) -> None:
    with Gates().playing(*story) as gates:
        runs = {image for name, image in gates.world.images().items() if not name.endswith("-canary")}
        assert runs == {"shop:v1"}
