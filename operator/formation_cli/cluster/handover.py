"""What threads hand over to the main one, which Ctrl-C may interrupt at any moment.

`queue.Queue` waits in Python. An interrupt in the middle of that leaves its lock unlocked, and the error
about that takes the interrupt's place: seen once in 500 interrupts where the wait was short.
"""

import queue
import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")
MOST_WAITING = 10_000
"""Items that are kept for a slow reader: then whoever has another one waits."""


class Handover(Generic[Item]):
    """A queue that is read by one thread."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._room = threading.Semaphore(MOST_WAITING)

    def put(self, item: Item) -> None:
        """Hand over an item, once there is room for it."""
        self._room.acquire()
        self._items.put(item)

    def get(self, timeout: float | None = None) -> Item:
        """Return the next item; raise `queue.Empty` if none comes for so many seconds."""
        item = self._items.get(timeout=timeout)
        self._room.release()
        return item
