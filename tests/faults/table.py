"""The faults: one more is one more row. What no API server says is in `tests/unit/kube/test_odd_answers.py`.

Each is there while something is edited, and for some seconds after that.
"""

import contextlib
import dataclasses
from collections.abc import Iterator

from tests.faults import effects
from tests.faults.causes import Cause, frozen, no_rights, quota, stopped
from tests.faults.daemons import API_SERVER, ETCD
from tests.faults.effects import failed, refused, told
from tests.faults.place import Place
from tests.faults.proxy import Bites, Call, Effect, Matcher
from tests.live.client import Client


@dataclasses.dataclass(frozen=True)
class Fault:
    """A row of the table."""

    name: str
    cause: Cause
    seconds: float = 2.0
    """How long it lasts after the edits."""
    long: bool = True
    """Whether it is left out of `make test`."""
    slow: bool = False
    """Whether to bring it about takes long."""

    def __str__(self) -> str:
        return self.name


def requests(of: Matcher, effect: Effect, times: float = float("inf")) -> Cause:
    """Do something to requests."""

    @contextlib.contextmanager
    def during(place: Place, _: Client) -> Iterator[Bites]:
        with place.proxy.having(of, effect, times) as rule:
            yield lambda: rule.hits

    return during


def watches(effect: Effect, times: float = float("inf")) -> Cause:
    """Cut all watches, and do something to those that come after them."""

    @contextlib.contextmanager
    def during(place: Place, _: Client) -> Iterator[Bites]:
        with place.proxy.having(Call.watches, effect, times) as rule:
            place.proxy.cut(Call.watches)
            yield lambda: rule.hits

    return during


@contextlib.contextmanager
def silence(place: Place, _: Client) -> Iterator[Bites]:
    """Let no watch that is under way say anything more, though its connection stays."""
    hits = place.proxy.silence(Call.watches)
    yield lambda: hits


@contextlib.contextmanager
def cut_everything(place: Place, _: Client) -> Iterator[Bites]:
    """Cut all that is under way."""
    hits = place.proxy.cut(Call.is_any)
    yield lambda: hits


@contextlib.contextmanager
def expired_lists(place: Place, user: Client) -> Iterator[Bites]:
    """Have every watch begin anew with a list, whose later pages have expired twice."""
    gone = refused(410, "The provided continue parameter is too old")
    with (
        place.proxy.having(Call.lists, effects.in_small_pages),
        place.proxy.having(Call.lists_on, gone, 2) as rule,
        watches(failed(410), 5)(place, user),
    ):
        yield lambda: rule.hits


@contextlib.contextmanager
def another_token(place: Place, _: Client) -> Iterator[Bites]:
    """Refuse the token that the operator has, and give it another one meanwhile."""
    old = {call.token for call in place.proxy.calls}
    with place.proxy.having(lambda call: call.token in old, refused(401, "Unauthorized")) as rule:
        place.proxy.cut(Call.watches)
        place.give_token()
        yield lambda: rule.hits


DENIED = refused(422, "ValidatingAdmissionPolicy 'deny' denied request: a fault of the tests")
FAULTS = [
    Fault("connections are cut once", cut_everything, 0.0),
    Fault("nothing can be connected to", requests(Call.is_any, effects.cut_before)),
    Fault("connections are cut after a write", requests(Call.writes, effects.cut_after)),
    Fault("answers take 2 s", requests(Call.is_any, effects.delayed(2.0)), 5.0),
    Fault("writes are never answered", requests(Call.writes, effects.stalled, 4), 40.0),
    Fault("nothing is answered for 90 s", requests(Call.is_any, effects.stalled), 90.0),
    Fault("watches are never answered", watches(effects.stalled, 5), 80.0),
    Fault("watches fall silent", silence, 75.0),
    Fault("watches are cut in mid-line", watches(effects.cut_in_mid_line), long=False),
    Fault("watches end at once", watches(told(""))),
    Fault("400 to everything", requests(Call.is_any, refused(400))),
    Fault("401 to everything", requests(Call.is_any, refused(401))),
    Fault("another token", another_token),
    Fault("403 to everything", requests(Call.is_any, refused(403))),
    Fault("403 to writes of a status", requests(Call.writes_a_status, refused(403)), 4.0),
    Fault("403 to watches for 70 s", watches(refused(403)), 70.0),
    Fault("404 to watches", watches(refused(404))),
    Fault("404 to writes", requests(Call.writes, effects.denied_to_exist)),
    Fault("409 to writes", requests(Call.writes, refused(409))),
    Fault("410 to watches", watches(refused(410), 5)),
    Fault("410 in watches", watches(failed(410, reason="Expired"), 5)),
    Fault("a continue token has expired", expired_lists),
    Fault("429 to everything", requests(Call.is_any, refused(429, **{"Retry-After": "1"}))),
    Fault("500 to everything", requests(Call.is_any, refused(500))),
    Fault("500 to watches for 70 s", watches(refused(500)), 70.0),
    Fault("an unknown error in watches", watches(failed(500, reason="InternalError"), 5)),
    Fault("503 to everything for two minutes", requests(Call.is_any, refused(503)), 120.0),
    Fault("watches are refused while children are deleted", watches(refused(503))),
    Fault("the operator has no rights", no_rights, 5.0),
    Fault("a quota is full", quota, 5.0),
    Fault("admission denies every write of a Deployment", requests(Call.writes_a_deployment, DENIED), 5.0),
    Fault("the API server is killed for 2 s", stopped(API_SERVER, 2.0)),
    Fault("the API server stands still for 5 s", frozen(API_SERVER, 5.0)),
    Fault("etcd is stopped for 5 s", stopped(ETCD, 5.0)),
    Fault("etcd is stopped for a minute", stopped(ETCD, 60.0), slow=True),
]
