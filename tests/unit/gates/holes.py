"""The holes that were found, each with the shortest story that broke a promise, as calls of rules.

`attack` is an attack on canaries, `review` what a reader found, `app` what a real app met, `found` what the
machine has found, and `gate` what no other story finds where a gate is taken away. Two attacks hold (12, 14).
No story can have attack 11: the plugin makes a spec that the CRD's rules refuse, and neither the plugin nor
these rules are here. Nor can it have review 3, in which a canary that crashed is believed while no status can
be written: it stood for as long as was declared.
"""

from typing import Any

Step = str | float | tuple[Any, ...]
"""A rule, alone or with what it is given, or the seconds that pass."""
CANARIES = ["web-canary", "worker-canary"]
MOST = 2**31 - 1
PLAIN, RELEASING = "begin", ("begin", True, True)
UNPROVEN, RELEASED = ("begin", False), ("begin", False, True)
"""Without canaries."""
DEFAULT = "change_canary", None
CRASHES, HANGS, RELEASE_HANGS = ("deploy", "crashes"), ("deploy", "hangs"), ("deploy", "good", "hangs")
WORKER_CRASHES = "deploy", "crashes", "succeeds", None, "worker"
BACK, AGAIN, STOP, START = ("deploy_again", 1), ("deploy_again", 2), "stop", ("stop", False)
FULL, FREE = ("quota", "Pod"), ("quota", "Pod", False)
UNKEPT, KEPT = ("quota", "ControllerRevision"), ("quota", "ControllerRevision", False)
UNNUMBERED = "fail", 0, "unavailable", False, 1e9, "select"

HOLES: dict[str, tuple[Step, ...]] = {
    "attack 01: no room for canaries, stop, start": (
        *(PLAIN, ("quota", "Deployment"), CRASHES, 5, STOP, 5, START, 70),
    ),
    "attack 02: canaries deleted while stopped": (
        *(PLAIN, CRASHES, 70, STOP, 5, ("lose_deployments", CANARIES), 5, START, 70),
    ),
    "attack 03: an older CRD drops canary": (
        *(PLAIN, CRASHES, 70, ("install_crd", {"canary"}), ("scale", "worker", 5), 70),
    ),
    "attack 04: a restore without status and managed fields": (
        *(PLAIN, CRASHES, 70, ("restore", {"children", "jobs", "revisions"}), 70),
    ),
    "attack 05: an orphaned canary runs on": (
        *(PLAIN, CRASHES, 70, ("restore", {"children", "fields", "revisions", "status"}), BACK),
    ),
    "attack 06: the longest deadline": (PLAIN, ("change_deadline", "worker", MOST), 5, "deploy"),
    "attack 07: a singleton starts beside a canary": (
        *(PLAIN, ("change_command", "worker", "/two"), 5, ("change_singleton", True), 5),
    ),
    "attack 08: the Service drops all that serve": (
        *(UNPROVEN, ("change_label", "all"), 70, ("change_label", None), HANGS, 5, ("change_canary", 5)),
        *("deploy", 5),
    ),
    "attack 09: another image proves the version": (PLAIN, CRASHES, 5, ("edit_canaries", "shop:v1"), 70),
    "attack 10: an image and a zero in one edit": (PLAIN, ("deploy", "good", "succeeds", 0)),
    "attack 13: ran well although a type never ran": (
        *(PLAIN, ("declare_count", "worker", 0), 70, "deploy", 700, BACK, 70, ("declare_count", "worker", 2)),
        *(70, AGAIN, 5),
    ),
    "app 1: an autoscaled type starts its old version": (
        *(RELEASED, ("change_autoscaling", 1), 70, STOP, 5, "deploy", 5, START, 70),
    ),
    "app 3: a canary goes before its type serves": (
        *(PLAIN, STOP, 5, ("deploy", "exits"), 5, START, 70, ("deploy", "slow"), 70),
    ),
    "review 1: a revision that isn't there is named": (
        *(UNPROVEN, UNKEPT, "deploy", 70, KEPT, ("change_canary", 5), HANGS, 70, AGAIN),
    ),
    "review 7: the second try has the first one's time": (PLAIN, HANGS, 70, HANGS, 5),
    "found 2: a lost type and lost revisions hold a try up for ever": (
        *(PLAIN, "deploy", 1, ("deploy", "exits"), ("restore", {"children", "fields", "status"})),
        *(("lose_deployments", ["web"]), STOP, 5),
    ),
    "found 3: what was stopped under an older CRD stays so": (
        *(RELEASING, ("install_crd", {"release"}), STOP, 5, START, 5, ("scale", "worker", 5), 5),
    ),
    "found 1: a singleton amid a rollout keeps all processes": (
        *(PLAIN, ("edit_deployment", "worker"), ("change_singleton", True), ("scale", "worker", 5)),
    ),
    "found 9: a type can't become a singleton where nothing says who wrote its Deployment": (
        *(RELEASING, ("change_singleton", True), ("restore", {"children"})),
    ),
    "found 5: a new leader makes again what was left": (
        *(RELEASED, "deploy", 70, ("fail_formation", "replace_status"), BACK, 70, RELEASE_HANGS),
        *("new_leader", ("lose", "Deployment"), 5),
    ),
    "found 7: canaries go where a revision can't be read": (
        *(PLAIN, ("begin_a_try", "hangs"), ("fail", 0, "unavailable", False, 9, "get")),
        *(("change_deadline", "web", 20), 5),
    ),
    "found 8: an older CRD, and a restore that leaves no child": (
        *(RELEASING, ("deploy", "slow", "fails"), ("install_crd", {"release"}), ("restore", {"revisions"})),
        70,
    ),
    "found 4: a budget goes before its type": (
        *(PLAIN, ("change_type", "extra", True, True), 5, CRASHES, ("change_type", "extra", False)),
    ),
    "found 6: it is ready while paused, whatever runs": (UNPROVEN, ("edit_deployment", "web"), "pause", 70),
    "found 10: a type that was removed stands where a canary comes": (
        *(UNPROVEN, ("change_type", "web-canary", True), 70, CRASHES, 5),
        *(("change_type", "web-canary", False), 5, ("change_canary", 5), ("deploy", "good"), 70),
    ),
    "found 11: a type that can't be deleted stands where a canary comes": (
        *(UNPROVEN, ("change_type", "web-canary", True), 70, ("fail", 0, "forbidden", False, 2, "delete")),
        *(("change_type", "web-canary", False), "one_pass", ("change_canary", 5), ("deploy", "good")),
    ),
    "found 12: a canary that was declared goes as one that wasn't under an older CRD": (
        *(PLAIN, FULL, CRASHES, 5, ("install_crd", {"canary"}), ("scale", "worker", 5), 70, 70, FREE, 70),
    ),
    "found 14: a canary goes although its version can't be written": (
        *(PLAIN, "deploy", 5, ("fail", 0, "forbidden", False, 1e9, "apply"), 70),
    ),
    "found 13: a type of two counts as a singleton where another client has edited it": (
        *(PLAIN, ("edit_strategy", "web"), HANGS, ("restore", {"children"}), 70),
    ),
    "found 15: an earlier Formation has left a Job that has no Pod yet": (
        *(RELEASED, ("policy", "Pod"), "deploy", 5, ("restore", {"children", "jobs"}), "deploy", 5),
        *(("policy", "Pod", False), 5),
    ),
    "found 16: a canary that stands goes because the next version can't be kept": (
        *(PLAIN, WORKER_CRASHES, 70, ("fail", 1, "unavailable", False, 1, "apply")),
        *(("change_command", "worker", "/one"), 5),
    ),
    "found 17: a version isn't kept although nothing has its revision's name any more": (
        *(UNPROVEN, "new_leader", "deploy", ("forge", True), "lose_status", 70),
    ),
    "found 18: the only canary that works goes as its type can't be made again": (
        *(PLAIN, STOP, 5, ("deploy", "exits"), 5, START, 70, ("deploy", "slow"), 40),
        *(("policy", "Deployment"), ("lose_deployments", ["web"]), 70),
    ),
    "gate: a type that ran well stands again beside one that failed": (
        *(PLAIN, ("deploy", "crashes", "succeeds", 0, "worker"), 700, BACK, 70),
        *(("declare_count", "worker", 2), 70, AGAIN, 70, "mend", 70),
    ),
    "gate: a full quota prunes nothing that runs": (
        *(("begin", True, False, True, True), "deploy", 40, UNKEPT, CRASHES, 70),
    ),
    "gate: somebody declares a count just before the operator writes another one": (
        *(UNPROVEN, 5, ("count_amid_a_pass", 2, "worker", 1), ("scale", "worker", 5), 70),
    ),
    "gate: a Service of others has the name of a type's": (
        *(PLAIN, ("take_name", "shop-extra", "Service", "Lease"), ("change_type", "extra", True, True), 70),
    ),
    "found 19: what ran well before another release passes once the other one's revision is forged": (
        *(("begin", True, True, True, True), ("change_label", "all"), 70, ("forge", True)),
        *(("change_label", None), 70),
    ),
}
"""Each holds."""
STAYS: dict[str, tuple[Step, ...]] = {
    "the count of the type that failed goes to zero and back": (
        *(PLAIN, WORKER_CRASHES, 60, ("scale", "worker", 0), 30, ("scale", "worker", 2), 30),
    ),
    "it had no room, and comes again when there is some": (
        *(PLAIN, DEFAULT, FULL, CRASHES, 80, BACK, 70, FREE, AGAIN, 3),
    ),
    "it had no room, and is paused until there is some": (
        *(PLAIN, DEFAULT, FULL, CRASHES, 59, "pause", 10, FREE, ("pause", False), 60),
    ),
    "it had no room for long, and just now nobody declares canaries any more": (
        *(PLAIN, FULL, CRASHES, 100, DEFAULT, 30),
    ),
    "the version before it had no room either": (PLAIN, DEFAULT, FULL, CRASHES, 50, CRASHES, 30),
    "nobody declares counts, and all is stopped amid its try": (
        *(PLAIN, ("declare_count", "web", None), ("declare_count", "worker", None), 5, HANGS, 3, STOP, 5),
        *(START, 30),
    ),
    "it has failed, and nobody has declared canaries": (
        *(PLAIN, DEFAULT, CRASHES, 60, ("lose_deployments", CANARIES), ("quota", "Deployment"), 100),
    ),
    "its failure is known by an orphan alone, and it has no room after that": (
        *(PLAIN, DEFAULT, CRASHES, 60, ("restore", {"children", "fields", "revisions"})),
        *(("lose_deployments", CANARIES), ("quota", "Deployment"), 100),
    ),
    "all Deployments are deleted after it has failed": (
        *(PLAIN, CRASHES, 60, "new_leader", ("lose", "Deployment"), 70),
    ),
    "one type of it has failed, and comes again without processes of that": (
        *(PLAIN, ("deploy", "crashes", "succeeds", 0, "worker"), 700, BACK, 70),
        *(("declare_count", "worker", 2), 70, AGAIN, 70, BACK, 70, ("declare_count", "worker", 0), AGAIN, 3),
    ),
    "its canaries have no room for long": (PLAIN, ("quota", "Deployment"), CRASHES, 700),
    "its status is lost with the leader": (PLAIN, HANGS, 5, STOP, 5, "lose_status", "new_leader", START, 70),
    "its status is lost with the leader, and the next one finds all stopped": (
        *(PLAIN, HANGS, 5, STOP, 5, "lose_status", "new_leader", 5, START, 70),
    ),
    "a newer one is declared while its release runs": (RELEASING, CRASHES, 0.5, RELEASE_HANGS, 70),
    "another release has succeeded since it ran well": (
        *(RELEASING, "deploy", 700, BACK, 700, CRASHES, 70, ("policy", "Pod"), AGAIN, 70),
    ),
    "it ran well in an earlier life of the Formation": (
        *(PLAIN, "deploy", 700, BACK, 700, ("restore", {"children", "fields", "revisions", "status"}), 70),
        *(("policy", "Pod"), AGAIN, 70),
    ),
    "a new leader comes while its release runs": (RELEASING, CRASHES, 0.5, STOP, "new_leader", 30, START, 70),
    "what runs as a singleton isn't kept": (
        *(PLAIN, ("change_singleton", True), 70, ("lose", "ControllerRevision"), "new_leader"),
        *(("change_singleton", False), HANGS, 5),
    ),
    "a singleton becomes several": (
        *(PLAIN, ("change_singleton", True), 70, ("change_singleton", False), ("change_variable", "glad")),
        70,
    ),
    "a count can't be written at first": (
        *(PLAIN, 5, ("fail", 0, "unavailable", False, 1, "patch"), ("scale", "worker", 5), 70),
    ),
    "its release fails": (RELEASING, ("deploy", "good", "fails"), 70),
    "it has failed, and nobody wants canaries from the next one on, whose release hangs": (
        *(RELEASING, CRASHES, 60, ("change_canary", 0), RELEASE_HANGS, 70),
    ),
    "its number can't be written": (PLAIN, "deploy", 1, UNNUMBERED, 70),
    "a type goes in the next edit": (
        *(PLAIN, ("change_type", "extra"), 70, CRASHES, 5, ("change_type", "extra", False), 70),
    ),
    "somebody has forged what runs": (PLAIN, ("forge", True), CRASHES, 70),
    "its revision can't be written before the app is stopped": (
        *(PLAIN, UNKEPT, CRASHES, 5, STOP, 5, KEPT, 700, START, 70),
    ),
    "its revision can't be written, and the next leader finds the app about to stop": (
        *(PLAIN, UNKEPT, CRASHES, 5, "new_leader", STOP, 5, KEPT, 700, START, 70),
    ),
    "its revision can't be written, and the next leader finds the app stopped": (
        *(PLAIN, UNKEPT, CRASHES, 5, STOP, 5, "lose_status", "new_leader", 5, KEPT, 700, START, 70),
    ),
    "another client has the old processes of types of one process end first": (
        *(PLAIN, ("declare_count", "web", 1), ("declare_count", "worker", 1), 70, ("edit_strategy", "web")),
        *(("edit_strategy", "worker"), CRASHES, 70),
    ),
    "it is declared while paused, and stopped after that": (
        *(PLAIN, "change_schedule", 5, "pause", CRASHES, 5, STOP, 5, ("pause", False), 5, START, 70),
    ),
    "all Deployments are deleted while its release runs, and a new leader finds the app stopped": (
        *(RELEASING, CRASHES, 0.5, STOP, "new_leader", ("lose", "Deployment"), 30, START, 70),
    ),
    "a content with the same release comes before the stop": (
        *(RELEASING, CRASHES, 0.5, ("change_command", "worker", "/two"), 0.3, STOP, 30, START, 70),
    ),
    "its release fails, and the app is stopped and started": (
        *(RELEASING, ("change_autoscaling", 1), 70, ("deploy", "good", "fails"), 30, STOP, 30, START, 30),
    ),
    "its release hangs, and all is stopped and started": (
        *(RELEASING, "change_schedule", 70, RELEASE_HANGS, 5, STOP, 5, START, 30, UNNUMBERED, "deploy", 5),
    ),
    "its release has to wait, and the app is stopped": (
        *(RELEASING, RELEASE_HANGS, 5, CRASHES, 5, STOP, 5, ("lose", "Job"), 70, START, 70),
    ),
    "its revision is lost with the leader": (
        *(PLAIN, CRASHES, 60, ("lose", "ControllerRevision"), "new_leader", STOP, 30, START, 70),
    ),
    "its Deployments are deleted with the status while it is tried, and a new leader comes": (
        *(PLAIN, HANGS, 5, "lose_status", "new_leader", ("lose", "Deployment"), 70),
    ),
    "its Deployments and its revision are deleted while it is tried, and a new leader comes": (
        *(PLAIN, HANGS, 5, ("lose", "ControllerRevision", True), "new_leader", ("lose", "Deployment"), 70),
    ),
    "only the status says that a type has failed whose count goes to zero": (
        *(PLAIN, WORKER_CRASHES, 60, ("lose", "ControllerRevision"), "new_leader", ("scale", "worker", 0)),
        *(30, ("scale", "worker", 2), 30),
    ),
    "its release succeeds after somebody went back, and the next one hangs": (
        *(RELEASED, "deploy", 1.5, BACK, 70, RELEASE_HANGS, 70),
    ),
    "its canaries have to stand for longer once they have stood, but it couldn't be numbered": (
        *(PLAIN, UNNUMBERED, "deploy", 20, ("change_canary", 30), "calls_succeed", 5),
    ),
    "it had no room for long but couldn't be numbered, and a backup's status says that it has failed": (
        *(PLAIN, DEFAULT, FULL, UNNUMBERED, CRASHES, 70, ("lose_status", {"canary": {"state": "Failed"}})),
        *("calls_succeed", 70),
    ),
    "an earlier Formation has released it, and it failed": (
        *(RELEASING, CRASHES, 60, ("restore", {"children", "fields", "revisions"}), ("policy", "Job")),
        *("mend", 700),
    ),
    "it had no room for long but couldn't be numbered, and is paused until there is some": (
        *(PLAIN, DEFAULT, FULL, UNNUMBERED, CRASHES, 70, "pause", 5, FREE, "calls_succeed", ("pause", False)),
        70,
    ),
    "the CRD loses its release command": (
        *(RELEASING, CRASHES, 60, ("install_crd", {"release"}), ("scale", "worker", 5), 10, STOP, 10),
        *(("install_crd", set[str]()), 10, START, 70),
    ),
}
"""In these nothing but canaries of a newer version may run."""
