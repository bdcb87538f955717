"""What a change of leader makes of a scale request, in every order of what matters.

Only memory holds what was made of a request, until its Deployment is written.  Decision 0034 says why.
"""

import itertools
import math
from typing import NamedTuple

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from tests.shared.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
BEFORE, ASKED = 4, 8
"""The Formation's count at first, and the one that the Deployment is scaled to."""
REFUSED = errors.RefusedError("a webhook refuses it")


class Seen(NamedTuple):
    """What people see in the end."""

    replicas: int
    told: tuple[str, ...]
    """The reasons of the Events about the request."""

    def after_all(self, replicas: int, reason: str) -> "Seen":
        """Return what is seen if the request is judged once more."""
        return Seen(replicas, (*self.told, reason))


EVERY = sorted({"".join(letters) for letters in itertools.permutations("SELPP")})
ORDERS = [order for order in EVERY if order.index("S") < order.index("L")]
"""The orders of a scaling, an edit, a later change of leader and two passes."""
WITHOUT = sorted({order.replace("L", "") for order in ORDERS})


async def play(order: str, edit: int) -> Seen:
    """Have things happen in an order, then let the Deployment be written, and pass until all is quiet."""
    cluster, time = FakeCluster(), Time()
    cluster.put(naming.KIND, stored(a_formation(processes={"web": a_process(replicas=BEFORE)})))
    operator = Operator(cluster, time)
    await settle(operator, time)
    for verb in ("apply", "patch"):
        cluster.incidents.append(Incident(verb, "Deployment", error=REFUSED, times=math.inf))
    for letter in order:
        time.seconds += 30
        match letter:
            case "S":
                cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": ASKED}}, by=SCALE)
            case "E":
                changes = {"spec": {"processes": {"web": {"replicas": edit}}}}
                cluster.merge(naming.KIND, *KEY, changes)
            case "L":
                cluster.watchers.clear()
                operator = Operator(cluster, time)
            case "P":
                await operator.work()
    cluster.incidents.clear()
    await settle(operator, time)
    count = cluster.read(naming.KIND, *KEY)["spec"]["processes"]["web"]["replicas"]
    assert cluster.read("Deployment", "default", "shop-web")["spec"]["replicas"] == count
    return Seen(count, tuple(notice.reason for notice in cluster.notices if notice.action == "Scale"))


async def settle(operator: Operator, time: Time) -> None:
    for _ in range(3):
        time.seconds += 30
        await operator.work()


def expected(order: str, edit: int, without: Seen) -> Seen:
    """Return what is seen with the change of leader, given what is seen without it."""
    scaled, edited, changed = (order.index(letter) for letter in "SEL")
    answered = order.find("P", scaled)
    if answered < 0 or changed < answered:
        return without
    if edited < answered:
        if edit == BEFORE or "P" in order[edited:scaled]:
            return without
        return without.after_all(ASKED, "ScaleHonoured")  # the Formation had won, and that is reported by now
    if changed < edited and "P" in order[changed:edited]:
        return without
    if edit == BEFORE or "P" in order[edited:changed]:
        return without.after_all(ASKED, "ScaleHonoured")
    return without.after_all(edit, "ScaleOverruled")


@pytest.mark.parametrize("edit", [BEFORE, 6], ids=["edited back", "edited"])
async def test_while_its_deployment_cannot_be_written_an_answered_request_is_new_to_the_next_leader(
    edit: int,
) -> None:
    without = {order: await play(order, edit) for order in WITHOUT}
    for order in ORDERS:
        seen = await play(order, edit)
        assert (order, seen) == (order, expected(order, edit, without[order.replace("L", "")]))
