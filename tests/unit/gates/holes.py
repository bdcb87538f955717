"""The holes that were found, each with the shortest story that broke a promise, as calls of rules.

`attack` is an attack on canaries, `review` what a reader found, `app` what a real app met, and `found` what
the machine has found. Two attacks hold (12, 14). No story can have attack 11: the plugin makes a spec that
the CRD's rules refuse, and neither the plugin nor these rules are here. Nor can it have review 3, in which a
canary that crashed is believed while no status can be written: it stood for as long as was declared.
"""

from typing import Any, NamedTuple

Step = tuple[Any, ...]
"""A rule, and what it is given."""
CANARIES = ["web-canary", "worker-canary"]
MOST = 2**31 - 1
SOON, LATER = ("time_passes", 5), ("time_passes", 70)
STOP, START = (("stop", True), SOON), (("stop", False), LATER)
FAILS = (("deploy", "crashes"), LATER)


class Hole(NamedTuple):
    """A story, and what it begins with."""

    story: tuple[Step, ...]
    canary: bool = True
    release: bool = False


HOLES: dict[str, Hole] = {
    "attack 01: no room for canaries, stop, start": Hole(
        (("quota", "Deployment"), ("deploy", "crashes"), SOON, *STOP, *START)
    ),
    "attack 02: canaries deleted while stopped": Hole(
        (*FAILS, *STOP, ("lose_deployments", CANARIES), SOON, *START)
    ),
    "attack 03: an older CRD drops canary": Hole(
        (*FAILS, ("install_crd", {"canary"}), ("scale", "worker", 5), LATER)
    ),
    "attack 04: a restore without status and managed fields": Hole(
        (*FAILS, ("restore", {"revisions", "children", "jobs"}), LATER)
    ),
    "attack 05: an orphaned canary runs on": Hole(
        (*FAILS, ("restore", {"revisions", "children", "fields", "status"}), ("deploy_again", 1))
    ),
    "attack 06: the longest deadline": Hole((("change_deadline", "worker", MOST), SOON, ("deploy",))),
    "attack 07: a singleton starts beside a canary": Hole(
        (("change_command", "worker", "/two"), SOON, ("change_singleton", True), SOON)
    ),
    "attack 08: the Service drops all that serve": Hole(
        (
            *(("change_label", "all"), LATER, ("change_label", None), ("deploy", "hangs"), SOON),
            *(("change_canary", 5), ("deploy",), SOON),
        ),
        canary=False,
    ),
    "attack 09: another image proves the version": Hole(
        (("deploy", "crashes"), SOON, ("edit_canaries", "shop:v1"), LATER)
    ),
    "attack 10: an image and a zero in one edit": Hole((("deploy", "good", "succeeds", 0),)),
    "attack 13: ran well although a type never ran": Hole(
        (
            *(("declare_count", "worker", 0), LATER, ("deploy",), ("time_passes", 700)),
            *(("deploy_again", 1), LATER, ("declare_count", "worker", 2), LATER, ("deploy_again", 2), SOON),
        ),
    ),
    "app 1: an autoscaled type starts its old version": Hole(
        (("change_autoscaling", 1), LATER, *STOP, ("deploy",), SOON, *START),
        canary=False,
        release=True,
    ),
    "app 3: a canary goes before its type serves": Hole(
        (*STOP, ("deploy", "exits"), SOON, *START, ("deploy", "slow"), LATER)
    ),
    "review 1: a revision that isn't there is named": Hole(
        (
            *(("quota", kind := "ControllerRevision"), ("deploy",), LATER, ("quota", kind, False)),
            *(("change_canary", 5), ("deploy", "hangs"), LATER, ("deploy_again", 2)),
        ),
        canary=False,
    ),
    "review 7: the second try has the first one's time": Hole(
        (("deploy", "hangs"), LATER, ("deploy", "hangs"), SOON)
    ),
    "found 2: a lost type and lost revisions hold a try up for ever": Hole(
        (
            *(("deploy",), ("time_passes", 1), ("deploy", "exits")),
            *(("restore", {"status", "fields", "children"}), ("lose_deployments", ["web"]), *STOP),
        ),
    ),
    "found 3: what was stopped under an older CRD stays so": Hole(
        (("install_crd", {"release"}), *STOP, ("stop", False), SOON, ("scale", "worker", 5), SOON),
        release=True,
    ),
    "found 1: a singleton amid a rollout keeps all processes": Hole(
        (("edit_deployment", "worker"), ("change_singleton", True), ("scale", "worker", 5)),
    ),
    "found 9: a type can't become a singleton where nothing says who wrote its Deployment": Hole(
        (("change_singleton", True), ("restore", {"children"})), release=True
    ),
    "found 5: a new leader makes again what was left": Hole(
        (
            *(("deploy",), LATER, ("fail_formation", "replace_status"), ("deploy_again", 1), LATER),
            *(("deploy", "good", "hangs"), ("new_leader",), ("lose", "Deployment"), SOON),
        ),
        canary=False,
        release=True,
    ),
    "found 7: canaries go where a revision can't be read": Hole(
        (
            *(("begin_a_try", "hangs"), ("fail", 0, "unavailable", False, 9, "get")),
            *(("change_deadline", "web", 20), SOON),
        ),
    ),
    "found 8: an older CRD, and a restore that leaves no child": Hole(
        (
            *(("deploy", "slow", "fails"), ("install_crd", {"release"})),
            *(("restore", {"revisions"}), LATER),
        ),
        release=True,
    ),
    "found 4: a budget goes before its type": Hole(
        (("change_type", "extra", True, True), SOON, ("deploy", "crashes"), ("change_type", "extra", False)),
    ),
    "found 6: it is ready while paused, whatever runs": Hole(
        (("edit_deployment", "web"), ("pause",), LATER), canary=False
    ),
    "found 10: a type that was removed stands where a canary comes": Hole(
        (
            *(("change_type", "web-canary", True), LATER, ("deploy", "crashes"), SOON),
            *(("change_type", "web-canary", False), SOON, ("change_canary", 5), ("deploy", "good"), LATER),
        ),
        canary=False,
    ),
    "found 11: a type that can't be deleted stands where a canary comes": Hole(
        (
            *(("change_type", "web-canary", True), LATER, ("fail", 0, "forbidden", False, 2, "delete")),
            *(("change_type", "web-canary", False), ("one_pass",), ("change_canary", 5), ("deploy", "good")),
        ),
        canary=False,
    ),
    "found 12: a canary that was declared goes as one that wasn't under an older CRD": Hole(
        (
            *(("quota", "Pod"), ("deploy", "crashes"), SOON, ("install_crd", {"canary"})),
            *(("scale", "worker", 5), LATER, LATER, ("quota", "Pod", False), LATER),
        ),
    ),
    "found 14: a canary goes although its version can't be written": Hole(
        (("deploy",), SOON, ("fail", 0, "forbidden", False, 1e9, "apply"), LATER)
    ),
    "found 13: a type of two counts as a singleton where another client has edited it": Hole(
        (("edit_strategy", "web"), ("deploy", "hangs"), ("restore", {"children"}), LATER)
    ),
}
"""Each was open, and its story holds now."""
