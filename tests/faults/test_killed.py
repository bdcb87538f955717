"""An operator that is killed at each of its writes is continued by the next one."""

import pytest

from tests.faults.apps import App
from tests.faults.place import Place
from tests.live.client import Client, eventually

pytestmark = [pytest.mark.alone, pytest.mark.long]


def create(app: App) -> None:
    """Leave it as it was created."""


def change(app: App) -> None:
    """Ask for something of every kind."""
    app.scale_child("web", 5)
    app.remove("worker")
    app.add("clock")
    app.update()


def suspend(app: App) -> None:
    app.suspend(suspended=True)


def resume(app: App) -> None:
    app.suspend(suspended=False)


def is_carried_on(place: Place, app: App) -> bool:
    """Start the operator if it was killed, and tell whether all is as it was asked for."""
    place.restart_if_killed()
    return place.operator.pid is not None and not app.wrong()


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_all_that_is_asked_for_survives_a_kill_at_every_write(
    place: Place, kubectl: Client, *, done: bool
) -> None:
    app = None
    for edits in (create, change, suspend, resume):
        with place.killed_at_each_write(kubectl.namespace, done=done) as rule:
            app = app or App.create(kubectl)
            edits(app)
            eventually(lambda: is_carried_on(place, app))  # noqa: B023  # used at once
        place.converge(app)
        print(f"{edits.__name__}: killed {rule.hits} times")
        assert rule.hits >= 2
