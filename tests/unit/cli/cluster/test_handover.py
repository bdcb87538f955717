"""What threads hand over comes in its order, and no more of it is kept than there is room for."""

import threading

import pytest

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Handover


def test_who_hands_over_more_than_is_kept_waits_for_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_WAITING", 2)
    given: Handover[int] = Handover()
    put: list[int] = []

    def put_all() -> None:
        for number in range(5):
            given.put(number)
            put.append(number)

    writer = threading.Thread(target=put_all)
    writer.start()
    taken = [given.get(timeout=30)]
    while len(taken) < 5:
        assert len(put) <= len(taken) + 2
        taken.append(given.get(timeout=30))
    writer.join(30)
    assert taken == put == [0, 1, 2, 3, 4]
