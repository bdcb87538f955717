"""The holes that were found, each with the shortest story that broke a promise, as calls of rules.

`attack` is an attack on canaries, `review` what a reader found, `app` what a real app met, `found` what the
machine has found, and `gate` what no other story finds where a gate is taken away. Two attacks hold (12, 14).
No story can have attack 11: the plugin makes a spec that the CRD's rules refuse, and neither the plugin nor
these rules are here. Nor can it have review 3, in which a canary that crashed is believed while no status can
be written: it stood for as long as was declared.
"""

from typing import Any

Step = tuple[Any, ...]
"""A rule, and what it is given."""
CANARIES = ["web-canary", "worker-canary"]
MOST = 2**31 - 1
SOON, LATER = ("time_passes", 5), ("time_passes", 70)
STOP, START = (("stop", True), SOON), (("stop", False), LATER)
FAILS = (("deploy", "crashes"), LATER)
PLAIN, RELEASING = ("begin",), ("begin", True, True)
UNPROVEN, RELEASED = ("begin", False), ("begin", False, True)
"""Without canaries."""

HOLES: dict[str, tuple[Step, ...]] = {
    "attack 01: no room for canaries, stop, start": (
        *(PLAIN, ("quota", "Deployment"), ("deploy", "crashes"), SOON, *STOP, *START),
    ),
    "attack 02: canaries deleted while stopped": (
        *(PLAIN, *FAILS, *STOP, ("lose_deployments", CANARIES), SOON, *START),
    ),
    "attack 03: an older CRD drops canary": (
        *(PLAIN, *FAILS, ("install_crd", {"canary"}), ("scale", "worker", 5), LATER),
    ),
    "attack 04: a restore without status and managed fields": (
        *(PLAIN, *FAILS, ("restore", {"revisions", "children", "jobs"}), LATER),
    ),
    "attack 05: an orphaned canary runs on": (
        *(PLAIN, *FAILS, ("restore", {"revisions", "children", "fields", "status"}), ("deploy_again", 1)),
    ),
    "attack 06: the longest deadline": (PLAIN, ("change_deadline", "worker", MOST), SOON, ("deploy",)),
    "attack 07: a singleton starts beside a canary": (
        *(PLAIN, ("change_command", "worker", "/two"), SOON, ("change_singleton", True), SOON),
    ),
    "attack 08: the Service drops all that serve": (
        *(UNPROVEN, ("change_label", "all"), LATER, ("change_label", None), ("deploy", "hangs"), SOON),
        *(("change_canary", 5), ("deploy",), SOON),
    ),
    "attack 09: another image proves the version": (
        *(PLAIN, ("deploy", "crashes"), SOON, ("edit_canaries", "shop:v1"), LATER),
    ),
    "attack 10: an image and a zero in one edit": (PLAIN, ("deploy", "good", "succeeds", 0)),
    "attack 13: ran well although a type never ran": (
        *(PLAIN, ("declare_count", "worker", 0), LATER, ("deploy",), ("time_passes", 700)),
        *(("deploy_again", 1), LATER, ("declare_count", "worker", 2), LATER, ("deploy_again", 2), SOON),
    ),
    "app 1: an autoscaled type starts its old version": (
        *(RELEASED, ("change_autoscaling", 1), LATER, *STOP, ("deploy",), SOON, *START),
    ),
    "app 3: a canary goes before its type serves": (
        *(PLAIN, *STOP, ("deploy", "exits"), SOON, *START, ("deploy", "slow"), LATER),
    ),
    "review 1: a revision that isn't there is named": (
        *(UNPROVEN, ("quota", kind := "ControllerRevision"), ("deploy",), LATER, ("quota", kind, False)),
        *(("change_canary", 5), ("deploy", "hangs"), LATER, ("deploy_again", 2)),
    ),
    "review 7: the second try has the first one's time": (
        *(PLAIN, ("deploy", "hangs"), LATER, ("deploy", "hangs"), SOON),
    ),
    "found 2: a lost type and lost revisions hold a try up for ever": (
        *(PLAIN, ("deploy",), ("time_passes", 1), ("deploy", "exits")),
        *(("restore", {"status", "fields", "children"}), ("lose_deployments", ["web"]), *STOP),
    ),
    "found 3: what was stopped under an older CRD stays so": (
        *(RELEASING, ("install_crd", {"release"}), *STOP, ("stop", False), SOON, ("scale", "worker", 5)),
        SOON,
    ),
    "found 1: a singleton amid a rollout keeps all processes": (
        *(PLAIN, ("edit_deployment", "worker"), ("change_singleton", True), ("scale", "worker", 5)),
    ),
    "found 9: a type can't become a singleton where nothing says who wrote its Deployment": (
        *(RELEASING, ("change_singleton", True), ("restore", {"children"})),
    ),
    "found 5: a new leader makes again what was left": (
        *(RELEASED, ("deploy",), LATER, ("fail_formation", "replace_status"), ("deploy_again", 1), LATER),
        *(("deploy", "good", "hangs"), ("new_leader",), ("lose", "Deployment"), SOON),
    ),
    "found 7: canaries go where a revision can't be read": (
        *(PLAIN, ("begin_a_try", "hangs"), ("fail", 0, "unavailable", False, 9, "get")),
        *(("change_deadline", "web", 20), SOON),
    ),
    "found 8: an older CRD, and a restore that leaves no child": (
        *(RELEASING, ("deploy", "slow", "fails"), ("install_crd", {"release"}), ("restore", {"revisions"})),
        LATER,
    ),
    "found 4: a budget goes before its type": (
        *(PLAIN, ("change_type", "extra", True, True), SOON, ("deploy", "crashes")),
        ("change_type", "extra", False),
    ),
    "found 6: it is ready while paused, whatever runs": (
        *(UNPROVEN, ("edit_deployment", "web"), ("pause",), LATER),
    ),
    "found 10: a type that was removed stands where a canary comes": (
        *(UNPROVEN, ("change_type", "web-canary", True), LATER, ("deploy", "crashes"), SOON),
        *(("change_type", "web-canary", False), SOON, ("change_canary", 5), ("deploy", "good"), LATER),
    ),
    "found 11: a type that can't be deleted stands where a canary comes": (
        *(UNPROVEN, ("change_type", "web-canary", True), LATER, ("fail", 0, "forbidden", False, 2, "delete")),
        *(("change_type", "web-canary", False), ("one_pass",), ("change_canary", 5), ("deploy", "good")),
    ),
    "found 12: a canary that was declared goes as one that wasn't under an older CRD": (
        *(PLAIN, ("quota", "Pod"), ("deploy", "crashes"), SOON, ("install_crd", {"canary"})),
        *(("scale", "worker", 5), LATER, LATER, ("quota", "Pod", False), LATER),
    ),
    "found 14: a canary goes although its version can't be written": (
        *(PLAIN, ("deploy",), SOON, ("fail", 0, "forbidden", False, 1e9, "apply"), LATER),
    ),
    "found 13: a type of two counts as a singleton where another client has edited it": (
        *(PLAIN, ("edit_strategy", "web"), ("deploy", "hangs"), ("restore", {"children"}), LATER),
    ),
    "found 15: an earlier Formation has left a Job that has no Pod yet": (
        *(
            RELEASED,
            ("policy", "Pod"),
            ("deploy",),
            SOON,
            ("restore", {"children", "jobs"}),
            ("deploy",),
            SOON,
        ),
        *(("policy", "Pod", False), SOON),
    ),
    "found 16: a canary that stands goes because the next version can't be kept": (
        *(PLAIN, ("deploy", "crashes", "succeeds", None, "worker"), LATER),
        *(("fail", 1, "unavailable", False, 1, "apply"), ("change_command", "worker", "/one"), SOON),
    ),
    "found 17: a version isn't kept although nothing has its revision's name any more": (
        *(UNPROVEN, ("new_leader",), ("deploy",), ("forge", True), ("lose_status",), LATER),
    ),
    "found 18: the only canary that works goes as its type can't be made again": (
        *(PLAIN, *STOP, ("deploy", "exits"), SOON, *START, ("deploy", "slow"), ("time_passes", 40)),
        *(("policy", "Deployment"), ("lose_deployments", ["web"]), LATER),
    ),
    "gate: a type that ran well stands again beside one that failed": (
        *(PLAIN, ("deploy", "crashes", "succeeds", 0, "worker"), ("time_passes", 700), ("deploy_again", 1)),
        *(LATER, ("declare_count", "worker", 2), LATER, ("deploy_again", 2), LATER, ("mend",), LATER),
    ),
    "gate: a full quota prunes nothing that runs": (
        *(("begin", True, False, True, True), ("deploy",), ("time_passes", 40)),
        *(("quota", "ControllerRevision"), ("deploy", "crashes"), LATER),
    ),
    "gate: somebody declares a count just before the operator writes another one": (
        *(UNPROVEN, SOON, ("count_amid_a_pass", 2, "worker", 1), ("scale", "worker", 5), LATER),
    ),
    "gate: a Service of others has the name of a type's": (
        *(PLAIN, ("take_name", "shop-extra", "Service", "Lease")),
        *(("change_type", "extra", True, True), LATER),
    ),
    "found 19: what ran well before another release passes once the other one's revision is forged": (
        *(("begin", True, True, True, True), ("change_label", "all"), LATER, ("forge", True)),
        *(("change_label", None), LATER),
    ),
}
"""Each holds."""
