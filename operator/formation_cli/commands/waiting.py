"""Wait until a change is whole, show how far it has come, and end with the reason if it can't be."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import click

from formation_cli.changes import revisions
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands.releases import Log
from formation_cli.failures import Failure, NotFound, Overtaken, TimedOut, again, pasted, saying_when_ended
from formation_cli.objects import FIELD_MANAGER, ONE_OFF
from formation_cli.terminal import drawing
from formation_cli.views import processes, progress, releases, versions
from formation_cli.views.processes import Process
from formation_cli.views.progress import Awaited, Progress
from formation_operator.api import naming

TICK = 1.0
SILENT = "Check that the operator runs: kubectl -n formation-system get pods"


class NotReady(Failure):
    """Ends a wait that can't help."""


class Sight(NamedTuple):
    """What there is of a Formation at a moment."""

    formation: Object
    found: list[Process]
    progress: Progress
    releasing: list[Object]
    """The Pods of a release that this change has started, or that it waits for."""


def wait(
    cluster: Cluster,
    formation: Object,
    timeout: float,
    types: Iterable[str] = (),
    *,
    restarted: Sequence[Object] = (),
    stopped: bool = False,
    deployed: bool = False,
    written: bool = True,
    retried: frozenset[str] = frozenset(),
    until_ended: bool = False,
    way_back: str = "",
    unseen: Callable[[Object], str] = lambda _: "",
) -> None:
    """Return when a Formation that was just ``written`` is ready, or the types of it that are named.

    Where Deployments were ``restarted`` only their rollouts count; if it was ``stopped`` no process is left.
    What was ``deployed`` waits for its release, whose log is shown, and for its canaries; counts don't. If
    canaries are ``retried``, these are the Pods of the try before. As long as ``unseen`` says why it isn't
    declared yet, nothing else counts; it raises `Overtaken` once something else is declared.

    Raises `NotReady` as soon as waiting can't help, and `TimedOut` after so many seconds. Where anything else
    ends the wait, what stands is said, and the ``way_back``.
    """
    name = formation["metadata"]["name"]
    times = (progress.written_at(each, FIELD_MANAGER) for each in (restarted or (formation,)))
    since = max(times) if written else math.inf  # or what the last write has started would count as ours
    generations = {each["metadata"]["name"]: each["metadata"]["generation"] for each in restarted}
    generation, named = formation["metadata"]["generation"], tuple(types)
    awaited = Awaited(generation, since, named, generations, stopped, deployed, retried, until_ended)
    until, log = time.monotonic() + timeout, Log(cluster, beside=True)
    with standing(name, way_back, written=written):
        for sight in _shown(_sights(cluster, name, awaited, unseen)):
            over = bool(sight.progress.failure) or sight.progress.done
            log.show(sight.releasing, last=over)
            if over or time.monotonic() > until:
                break
    if sight.progress.done:
        click.echo(sight.progress.sentence, err=True)
    elif sight.progress.failure:
        hint = _serving(cluster, sight.formation)
        cause = pasted(sight.progress.failure)
        raise NotReady(f"{name} isn't ready, and waiting won't help. {cause}", hint=hint)
    else:
        raise TimedOut(f"{timeout:.0f} s are over. {pasted(sight.progress.sentence)}", hint=_silent(sight))


@contextlib.contextmanager
def standing(name: str, way_back: str = "", *, written: bool) -> Iterator[None]:
    """Say what stands, whether it goes on, and the ``way_back`` if reading fails or somebody ends us."""
    shows = again(f"ps {name}")
    stands = f"Nothing was changed: `{shows}` shows how {name} is."
    if written:
        stands = f"The change is made, and continues: `{shows}` shows its progress."
    try:
        with saying_when_ended(stands, way_back):
            yield
    except (NotFound, Overtaken):
        raise
    except Failure as failure:
        failure.also(stands)
        failure.also(way_back)
        raise


def overtaken(now: Object, own: str) -> Overtaken:
    """Return how a wait ends once a Formation declares another version than its own."""
    name = now["metadata"]["name"]
    what = f"{name} declares revision {called(now)} now, and not {own}."
    hint = f"To wait for that one: {again(f'wait {name}')}"
    return Overtaken(f"Another deploy has overtaken this one: {what}", hint=hint)


def called(formation: Object) -> str:
    """Return what the declared revision is called, with its images."""
    revision = revisions.of(formation)
    return f"{revision.called} ({revision.images})".removesuffix(" ()")


def _serving(cluster: Cluster, formation: Object) -> str:
    """Return of which version what runs is, in a sentence; nothing where that isn't known, or all is new."""
    name = formation["metadata"]["name"]
    try:
        pods = formations.pods(cluster, name)
        sets = cluster.select(kinds.REPLICA_SET, labels=versions.selector(name)).items
    except Failure:  # it is only said beside the failure
        return ""
    return progress.still_serving(processes.processes(formation, pods, time.time(), sets))


def _silent(sight: Sight) -> str:
    seen = sight.formation.get("status", {}).get("observedGeneration", 0)
    return SILENT if seen < sight.formation["metadata"]["generation"] else ""


def _sights(
    cluster: Cluster, name: str, awaited: Awaited, unseen: Callable[[Object], str]
) -> Iterator[Sight]:
    subjects = [follow.formation(name), follow.pods(name)]
    if awaited.deployments:
        subjects.append(follow.pods(name)._replace(kind=kinds.DEPLOYMENT))
    for objects in follow.snapshots(cluster, *subjects, tick=TICK):
        formation = follow.still_there(objects, name)
        pods = [each for each in objects if each["kind"] == kinds.POD]
        deployments = [each for each in objects if each["kind"] == kinds.DEPLOYMENT]
        found = processes.processes(formation, pods, time.time())
        found = [each for each in found if each.type not in (ONE_OFF, naming.RELEASE)]
        releasing = [] if awaited.is_counts_alone else releases.pods(formation, pods, awaited.since)
        if missing := unseen(formation):
            now, releasing = progress.unseen(missing), []
        else:
            now = progress.progress(awaited, formation, found, deployments, releasing)
        yield Sight(formation, found, now, releasing)


def _shown(sights: Iterator[Sight]) -> Iterator[Sight]:
    """Show the progress of each sight, on stderr."""
    with drawing.following(beside=True) as show:
        for sight in sights:
            show(sight.progress.table)
            yield sight
