"""Who may write, by what a replica saw of the Lease and by its own clock alone."""

import pytest

from formation_operator.controller.election import Election
from formation_operator.kube.port import Object

A_TIME = "2026-11-26T07:00:00.000000Z"
LONG_AGO, FAR_AHEAD = "1999-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"
HELD = {"holderIdentity": "other", "renewTime": A_TIME}


def a_lease(holder: str = "other", renewed: str = A_TIME, version: str = "7", **more: object) -> Object:
    metadata = {"namespace": "formation-system", "name": "formation-operator", "resourceVersion": version}
    spec = {"holderIdentity": holder, "renewTime": renewed, **more}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def a_new_one(spec: Object | None = None, **metadata: str) -> Object:
    lease = a_lease()
    about = {"uid": "one", "creationTimestamp": "2026-11-26T07:00:00Z", **metadata}
    return {**lease, "metadata": {**lease["metadata"], **about}, "spec": spec}


def leading(sent: float = 100.0) -> Election:
    here = Election("me")
    here.see(a_lease(""), sent)
    here.held(a_lease("me", version="8"), sent)
    return here


NOBODYS = [None, {}, {"holderIdentity": ""}, {"holderIdentity": "me"}]
COPIES = [{"holderIdentity": holder, "renewTime": LONG_AGO} for holder in ("", "me")]
CHANGES = {
    **{
        f"another's, whose clock says {time}": (a_lease(renewed=time), a_lease(renewed=time), 10.0)
        for time in (LONG_AGO, A_TIME, FAR_AHEAD)
    },
    **{
        f"a new one that may replace another's: {spec}": (a_new_one(spec), a_new_one(spec), 10.0)
        for spec in (*NOBODYS, *COPIES)
    },
    "what was renewed is its holder's from then on": (a_lease(renewed="one"), a_lease(renewed="two"), 19.0),
    "what others change renews nothing": (a_lease(), a_lease(version="99"), 10.0),
    "a new one that is made again": (a_new_one(), a_new_one(uid="two"), 19.0),
    "a new one that is emptied again": (a_new_one(), a_new_one(resourceVersion="9"), 19.0),
    "one that is made again with all that it said": (a_new_one(HELD), a_new_one(HELD, uid="two"), 19.0),
}


@pytest.mark.parametrize(("before", "after", "free"), CHANGES.values(), ids=CHANGES)
def test_a_lease_is_left_alone_from_its_last_change_on(before: Object, after: Object, free: float) -> None:
    here = Election("me")
    here.see(before, 0.0)
    here.see(after, 9.0)
    assert not here.is_free(free - 0.1)
    assert here.is_free(free)


RELEASED = [{"holderIdentity": holder, "renewTime": A_TIME} for holder in ("", None)]


@pytest.mark.parametrize("lease", [*map(a_new_one, RELEASED), {**a_lease(), "spec": RELEASED[0]}])
def test_a_lease_that_was_released_is_free_at_once(lease: Object) -> None:
    here = Election("me")
    here.see(lease, 0.0)
    assert here.is_free(0.0)


@pytest.mark.parametrize("spec", [None, *COPIES])
def test_a_new_lease_takes_nothing_from_who_leads_and_gives_nothing_to_who_does_no_more(
    spec: Object | None,
) -> None:
    here = leading(sent=100.0)
    here.see(a_new_one(spec), 101.0)
    assert here.leads(106.9)
    assert not here.leads(107.0)
    assert not here.is_free(110.9)


def test_a_replica_leads_from_the_moment_when_it_sent_its_last_renewal_up_to_the_deadline() -> None:
    here = leading(sent=100.0)
    assert here.leads(106.9)
    assert not here.leads(107.0)
    assert here.remaining(105.0) == pytest.approx(2.0)
    assert here.remaining(200.0) == 0.0


def test_a_renewal_is_about_the_lease_that_was_read_and_names_its_holder() -> None:
    here = Election("me")
    here.see(a_lease("other"), 0.0)
    assert here.metadata["resourceVersion"] == "7"
    assert here.taken(A_TIME) == {"holderIdentity": "me", "leaseDurationSeconds": 10, "renewTime": A_TIME}
