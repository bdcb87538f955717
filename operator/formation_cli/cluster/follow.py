"""Follow what happens to objects for as long as one likes: lists, watches, and what was missed in between."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from formation_cli.cluster import kinds
from formation_cli.cluster.port import Change, Cluster, GoneError, Object
from formation_cli.failures import NotFound
from formation_operator.api import naming

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


PAUSE = 1.0
"""Seconds before a watch that has ended at once is begun again."""
SETTLING = 0.2
"""Seconds without news after which a change is whole."""


class Subject(NamedTuple):
    """The objects of a kind that the selectors choose."""

    kind: str
    labels: str = ""
    fields: str = ""


def formation(name: str) -> Subject:
    """Return what is followed of a Formation itself."""
    return Subject(naming.KIND, fields=f"metadata.name={name}")


def pods(name: str, *labels: str) -> Subject:
    """Return what is followed of a Formation's Pods, if they have these labels, too."""
    return Subject(kinds.POD, labels=",".join([f"{naming.FORMATION_LABEL}={name}", *labels]))


def still_there(objects: Iterable[Object], name: str) -> Object:
    """Return the Formation among what is followed; raises `NotFound` if it is gone."""
    for each in objects:
        if each["kind"] == naming.KIND:
            return each
    raise NotFound(f"Formation {name} was deleted in the meantime.")


class News(NamedTuple):
    """A change, and whose kind it is about."""

    subject: Subject
    change: Change


def follow(cluster: Cluster, subject: Subject, synced: Callable[[], None] = lambda: None) -> Iterator[Change]:
    """Yield each object that is there as ADDED, call ``synced``, and then yield all that happens."""
    known: dict[str, Object] = {}
    while True:
        items, version, _ = cluster.select(subject.kind, labels=subject.labels, fields=subject.fields)
        current = {each["metadata"]["uid"]: each for each in items}
        gone = [uid for uid in known if uid not in current]
        yield from (Change("DELETED", known.pop(uid)) for uid in gone)
        for uid, item in current.items():
            before = known.get(uid)
            known[uid] = item
            if before is None or before["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                yield Change("MODIFIED" if before else "ADDED", item)
        synced()
        yield from _watch(cluster, subject, version, known)


def _watch(cluster: Cluster, subject: Subject, version: str, known: dict[str, Object]) -> Iterator[Change]:
    """Yield what a watch tells, and go on after each end, until the version is too old."""
    while True:
        began, gone = time.monotonic(), False
        try:
            for change in cluster.watch(subject.kind, version, labels=subject.labels, fields=subject.fields):
                metadata = change.object["metadata"]
                version = metadata["resourceVersion"]
                if change.type == "BOOKMARK":
                    continue
                if change.type == "DELETED":
                    known.pop(metadata["uid"], None)
                else:
                    known[metadata["uid"]] = change.object
                yield change
        except GoneError:
            gone = True
        if time.monotonic() - began < PAUSE:
            time.sleep(PAUSE)
        if gone:
            return


def together(
    cluster: Cluster,
    *subjects: Subject,
    tick: float | None = None,
    synced: Callable[[Subject], None] = lambda _: None,
) -> Iterator[News | None]:
    """Yield what happens to several kinds, and nothing after each ``tick`` seconds without news.

    When all that there is of a subject was yielded, ``synced`` is called with it.
    """
    news = Handover[News | Subject | Exception]()

    def listen(subject: Subject) -> None:
        try:
            for change in follow(cluster, subject, lambda: news.put(subject)):
                news.put(News(subject, change))
        except Exception as error:  # noqa: BLE001  # it is raised where somebody waits for news
            news.put(error)

    for subject in subjects:
        threading.Thread(target=listen, args=(subject,), daemon=True).start()
    while True:
        try:
            item = news.get(timeout=tick)
        except queue.Empty:
            yield None
            continue
        if isinstance(item, Exception):
            raise item
        if isinstance(item, Subject):
            synced(item)
        else:
            yield item


def snapshots(cluster: Cluster, *subjects: Subject, tick: float) -> Iterator[list[Object]]:
    """Yield all objects, each with its kind, after every change, and at least every ``tick`` seconds.

    The first time is when all kinds were listed: without the Deployments a rollout would seem to be over.
    """
    objects: dict[str, Object] = {}
    unlisted = {*subjects}
    changed, latest = False, time.monotonic()
    for news in together(cluster, *subjects, tick=SETTLING, synced=unlisted.discard):
        if news is not None:
            changed = True
            _take_in(objects, news)
        if not unlisted and ((changed and news is None) or time.monotonic() - latest > tick):
            yield [*objects.values()]
            changed, latest = False, time.monotonic()


def _take_in(objects: dict[str, Object], news: News) -> None:
    type_, item = news.change
    uid = item["metadata"]["uid"]
    if type_ == "DELETED":
        objects.pop(uid, None)
    else:
        objects[uid] = {"kind": news.subject.kind, **item}
