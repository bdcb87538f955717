"""Compare what was called with what is granted, in both directions."""

from collections.abc import Collection, Iterable

from hack.audit.calls import Call, Record
from hack.audit.grants import Grant

FORBIDDEN = 403


def missing(records: Iterable[Record], grants: Collection[Grant]) -> list[Call]:
    """Return what was called and isn't granted, whatever came of it.

    What is granted and was refused all the same isn't missing: a test had taken the right away.
    """
    return sorted(
        call for call in distinct(records, grants) if not any(grant.allows(call) for grant in grants)
    )


def spare(records: Iterable[Record], grants: Collection[Grant]) -> list[Grant]:
    """Return what is granted and was never of use."""
    calls = distinct(records, grants)
    return [grant for grant in grants if not any(grant.allows(call) for call in calls)]


def distinct(records: Iterable[Record], grants: Collection[Grant]) -> set[Call]:
    """Return each call once: an object's name makes a difference only where a grant asks for it."""
    names = {name for grant in grants for name in grant.names}
    calls = (record.call for record in records)
    return {call if call.name in names else call._replace(name="") for call in calls}


def forbidden(records: Iterable[Record]) -> list[Record]:
    """Return the calls that the API server, or an admission policy, has refused."""
    return [record for record in records if record.code == FORBIDDEN]
