"""The holes that are known, each with the shortest story that breaks a promise, as calls of rules.

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
    """A story, what it begins with, and which promise it breaks."""

    breaks: str
    story: tuple[Step, ...]
    canary: bool = True
    release: bool = False


HOLES: dict[str, Hole] = {
    "found 8: an older CRD, and a restore that leaves no child": Hole(
        "(a)",
        (
            *(("deploy", "slow", "fails"), ("install_crd", {"release"})),
            *(("restore", {"revisions"}), LATER),
        ),
        release=True,
    ),
    "found 4: a budget goes before its type": Hole(
        "(c)",
        (("change_type", "extra", True, True), SOON, ("deploy", "crashes"), ("change_type", "extra", False)),
    ),
    "found 6: it is ready while paused, whatever runs": Hole(
        "(g)", (("edit_deployment", "web"), ("pause",), LATER), canary=False
    ),
    "found 7: canaries go where a revision can't be read": Hole(
        "(c)",
        (
            *(("begin_a_try", "hangs"), ("fail", 0, "unavailable", False, 9, "get")),
            *(("change_deadline", "web", 20), SOON),
        ),
    ),
}
"""Those that are open."""
CLOSED: dict[str, Hole] = {
    "attack 01: no room for canaries, stop, start": Hole(
        "(a)", (("quota", "Deployment"), ("deploy", "crashes"), SOON, *STOP, *START)
    ),
    "attack 02: canaries deleted while stopped": Hole(
        "(a)", (*FAILS, *STOP, ("lose_deployments", CANARIES), SOON, *START)
    ),
    "attack 03: an older CRD drops canary": Hole(
        "(a)", (*FAILS, ("install_crd", {"canary"}), ("scale", "worker", 5), LATER)
    ),
    "attack 04: a restore without status and managed fields": Hole(
        "(a)", (*FAILS, ("restore", {"revisions", "children", "jobs"}), LATER)
    ),
    "attack 05: an orphaned canary runs on": Hole(
        "(f)", (*FAILS, ("restore", {"revisions", "children", "fields", "status"}), ("deploy_again", 1))
    ),
    "attack 06: the longest deadline": Hole("(f)", (("change_deadline", "worker", MOST), SOON, ("deploy",))),
    "attack 07: a singleton starts beside a canary": Hole(
        "(s)", (("change_command", "worker", "/two"), SOON, ("change_singleton", True), SOON)
    ),
    "attack 08: the Service drops all that serve": Hole(
        "(c)",
        (
            *(("change_label", "all"), LATER, ("change_label", None), ("deploy", "hangs"), SOON),
            *(("change_canary", 5), ("deploy",), SOON),
        ),
        canary=False,
    ),
    "attack 09: another image proves the version": Hole(
        "(a)", (("deploy", "crashes"), SOON, ("edit_canaries", "shop:v1"), LATER)
    ),
    "attack 10: an image and a zero in one edit": Hole("(f)", (("deploy", "good", "succeeds", 0),)),
    "attack 13: ran well although a type never ran": Hole(
        "(a)",
        (
            *(("declare_count", "worker", 0), LATER, ("deploy",), ("time_passes", 700)),
            *(("deploy_again", 1), LATER, ("declare_count", "worker", 2), LATER, ("deploy_again", 2), SOON),
        ),
    ),
    "app 1: an autoscaled type starts its old version": Hole(
        "(b)",
        (("change_autoscaling", 1), LATER, *STOP, ("deploy",), SOON, *START),
        canary=False,
        release=True,
    ),
    "app 3: a canary goes before its type serves": Hole(
        "(c)", (*STOP, ("deploy", "exits"), SOON, *START, ("deploy", "slow"), LATER)
    ),
    "review 1: a revision that isn't there is named": Hole(
        "(g)",
        (
            *(("quota", kind := "ControllerRevision"), ("deploy",), LATER, ("quota", kind, False)),
            *(("change_canary", 5), ("deploy", "hangs"), LATER, ("deploy_again", 2)),
        ),
        canary=False,
    ),
    "review 7: the second try has the first one's time": Hole(
        "(g)", (("deploy", "hangs"), LATER, ("deploy", "hangs"), SOON)
    ),
    "found 2: a lost type and lost revisions hold a try up for ever": Hole(
        "(f)",
        (
            *(("deploy",), ("time_passes", 1), ("deploy", "exits")),
            *(("restore", {"status", "fields", "children"}), ("lose_deployments", ["web"]), *STOP),
        ),
    ),
    "found 3: what was stopped under an older CRD stays so": Hole(
        "(d)",
        (("install_crd", {"release"}), *STOP, ("stop", False), SOON, ("scale", "worker", 5), SOON),
        release=True,
    ),
    "found 1: a singleton amid a rollout keeps all processes": Hole(
        "(g)",
        (("edit_deployment", "worker"), ("change_singleton", True), ("scale", "worker", 5)),
    ),
    "found 9: a type can't become a singleton where nothing says who wrote its Deployment": Hole(
        "(g)", (("change_singleton", True), ("restore", {"children"})), release=True
    ),
    "found 5: a new leader makes again what was left": Hole(
        "(b)",
        (
            *(("deploy",), LATER, ("fail_formation", "replace_status"), ("deploy_again", 1), LATER),
            *(("deploy", "good", "hangs"), ("new_leader",), ("lose", "Deployment"), SOON),
        ),
        canary=False,
        release=True,
    ),
}
"""Those that were closed: their stories hold."""
