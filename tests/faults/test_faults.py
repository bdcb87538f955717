"""Whatever goes wrong between the operator and the API server: it converges after it, and no more happens."""

import pathlib
import time
from collections.abc import Callable

import pytest

from hack import seen
from tests.faults.apps import App
from tests.faults.place import Place
from tests.faults.table import FAULTS, Fault
from tests.live.client import Client, eventually
from tests.soak.soak import soaked

pytestmark = pytest.mark.alone
SEEN = pathlib.Path(__file__).with_name("seen.json")
"""What the page says was seen: a run with `SEEN=1` writes it."""


@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, id=each.name, marks=[pytest.mark.long] if each.long else []) for each in FAULTS],
)
def test_all_converges_after(fault: Fault, place: Place, kubectl: Client) -> None:
    app = App.create(kubectl)
    place.reach(app)
    before = place.operator.pid
    assert before

    for edit in BEFORE:
        edit(app)
    with fault.cause(place, kubectl) as bitten:
        for edit in DURING:
            edit(app)
            time.sleep(0.3)
        other = App.create(kubectl, "other")
        time.sleep(fault.seconds)
        bites = eventually(bitten)  # whoever is to meet the fault may be late
    took = place.converge(app, other)

    assert place.operator.pid == before, place.operator.last_lines()
    print(f"{fault.name}: {bites} requests, converged {took:.1f} s after it")
    seen.keep(SEEN, fault.name, {"requests": bites, "seconds": round(took, 1)})


def test_random_faults_and_edits_are_survived(place: Place, kubectl: Client) -> None:
    tally = soaked(place, [kubectl], seed=7, seconds=0.0, long=False)

    print(tally)
    assert tally.edits.total() > 5
    assert tally.versions > 10


Edit = Callable[[App], None]
BEFORE: list[Edit] = [
    lambda app: app.scale("worker", 3),
    lambda app: app.add("clock"),
    lambda app: app.delete_child("service", "web"),
]
"""They are still being acted on when the fault comes."""
DURING: list[Edit] = [
    lambda app: app.scale_child("web", 4),
    lambda app: app.delete_child("deployment", "idle"),
    lambda app: app.remove("worker"),
    lambda app: app.add("mailer"),
    App.update,
]
