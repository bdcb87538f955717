"""Nobody is fought."""

from formation_operator.sync import repair_limit
from formation_operator.sync.repair_limit import Patience


def repair(calm: Patience, uid: str, now: float) -> bool:
    allowed = uid not in calm.exhausted([uid], now)
    if allowed:
        calm.repaired(uid, now)
    return allowed


def test_an_object_gets_five_repairs_in_any_minute() -> None:
    calm = Patience()
    repaired = [now for now in range(150) if repair(calm, "uid", now)]
    assert repaired == [*range(5), *range(60, 65), *range(120, 125)]


def test_each_object_has_its_own_repairs() -> None:
    calm = Patience()
    assert all(repair(calm, uid, 0) for uid in ("a", "b") for _ in range(repair_limit.FREE))
    assert not repair(calm, "a", 1)
