"""Go back to a content that ran before, by hand or where a deploy fails."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import click

from formation_cli.changes import impact
from formation_cli.changes import revisions as changes
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import releases as others
from formation_cli.commands import revisions, waiting, writing
from formation_cli.commands.writing import Changed
from formation_cli.failures import Failure, NoAccess, TimedOut, again, saying_when_ended
from formation_cli.options import How
from formation_cli.views import history
from formation_cli.words.revisions import Revision


class Done(NamedTuple):
    """What was written, and what it goes back to."""

    changed: Changed
    revision: Revision

    @property
    def sentence(self) -> str:
        """What has changed, in a line."""
        old, new = (changes.of(each).content for each in self.changed)
        return f"{self.revision}: {history.changes(old, new) or 'as it was'}"


def go_back(
    cluster: Cluster, name: str, choose: Callable[[Object], Revision], *, dry_run: bool = False
) -> Done:
    """Write the content that is chosen by how the Formation is now; raises `Failure` where it can't run."""
    chosen: list[Revision] = []

    def patch(found: Object) -> list[Object]:
        chosen[:] = [choose(found)]
        _check_sources(cluster, chosen[0])
        operations = changes.patch(found, chosen[0].content)
        if operations and not dry_run:
            click.echo(f"Going back to {chosen[0].named}", err=True)
        return operations

    return Done(writing.change(cluster, name, patch, dry_run=dry_run), chosen[0])


def _check_sources(cluster: Cluster, revision: Revision) -> None:
    """Raise `Failure` if a ConfigMap or a Secret is gone; what can't be read is said."""
    gone = []
    for source in changes.needed(revision.content):
        try:
            found = cluster.get(source.kind, source.name)
        except NoAccess as failure:
            if not failure.refused:
                raise
            click.echo(f"It isn't known whether {source} still exists: {failure.message}", err=True)
            continue
        gone += [] if found else [str(source)]
    if gone:
        what = f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone"
        hint = "Create it again, or choose another revision."
        raise Failure(f"{what}, which {revision} needs. Nothing was changed.", hint=hint)


def advise(cluster: Cluster, done: Done) -> None:
    """Say beside the result which types restart, and what of today a singleton can't have."""
    before, after = done.changed
    if done.changed.is_written:
        writing.advise(*impact.impact(revisions.running(cluster, before), after))
        for name, keys in changes.of_several(before["spec"], done.revision.content).items():
            writing.advise(f"{name}: a singleton in {done.revision}, so without today's {' and '.join(keys)}")


@contextlib.contextmanager
def naming_releases(cluster: Cluster, changed: Changed) -> Iterator[None]:
    """Say at the end which release command of an earlier deploy still runs, and what ends it."""
    try:
        yield
    except (waiting.NotReady, TimedOut) as failure:
        failure.also("\n".join(others.beside(cluster, changed.after)))
        raise
    writing.advise(*others.beside(cluster, changed.after))


def wait(
    cluster: Cluster,
    changed: Changed,
    how: How,
    types: Iterable[str] = (),
    *,
    retried: frozenset[str] = frozenset(),
) -> None:
    """Wait for a deploy, if that is wanted; where it fails go back, or say the line that does so."""
    way_back, goes_back = _line(*changed), how.back and _differ(*changed)
    left = " ".join(filter(None, ["Nothing was rolled back." if goes_back else "", way_back]))
    if changed.is_written:
        line = "" if how.dry_run else left
        with waiting.standing(changed.before["metadata"]["name"], line, written=not how.dry_run):
            writing.advise(others.skipped(cluster, *changed))
    if not how.waits:
        return
    try:
        follow(
            cluster,
            changed,
            how,
            types,
            written=changed.is_written,
            retried=retried,
            until_ended=how.until_ended,
            way_back=left,
        )
    except (waiting.NotReady, TimedOut) as failure:
        if goes_back:
            failure.show()
            _take_back(cluster, changed, failure, how, types)
        failure.also("\n".join(others.beside(cluster, changed.after, own=True)))
        failure.also("The deploy has changed nothing, so nothing is rolled back." if how.back else "")
        failure.also(way_back)
        raise


def follow(cluster: Cluster, changed: Changed, how: How, types: Iterable[str] = (), **more: Any) -> None:
    """Wait for what was deployed; raise `Overtaken` once somebody else has declared another version."""
    before, after = changed
    written = after["metadata"]

    def check(now: Object) -> str:
        latest = now["metadata"]
        is_later = latest["uid"] != written["uid"] or latest["generation"] > written["generation"]
        if is_later and changes.is_undone(before, after, now):
            raise waiting.overtaken(now, waiting.called(after))
        return ""

    waiting.wait(cluster, after, how.timeout, types, deployed=True, unseen=check, **more)


def _line(before: Object, after: Object) -> str:
    """Return what is typed to go back from a deploy; nothing where nothing is known."""
    current, latest = changes.current(before)
    if not _differ(before, after) or latest < 1 or (latest == 1 and changes.of(after).name == current):
        return ""
    number = changes.of(before).number
    to = f" --to {number}" if number and changes.has_stood(before) else ""
    name = before["metadata"]["name"]
    return f"To go back: {again(f'rollback {name}{to} --wait')}"


def _differ(one: Object, other: Object) -> bool:
    return changes.of(one).content != changes.of(other).content


def _take_back(
    cluster: Cluster, changed: Changed, failure: Failure, how: How, types: Iterable[str]
) -> NoReturn:
    """Go back to what was there before, wait for it, and end with the code of the deploy's failure."""
    before, after = changed
    name = before["metadata"]["name"]

    def choose(found: Object) -> Revision:
        if _differ(found, after):
            raise Failure(f"Someone else has changed {name} in the meantime.")
        if changes.runs_well(found):
            raise Failure(f"{name} has run well since, so it stays at {changes.of(found).named}.")
        return revisions.way_back(cluster, before, after)

    ended, done = "Nothing was rolled back", None
    try:
        with saying_when_ended(_line(before, after)):
            done = go_back(cluster, name, choose)
        ended = f"{name} declares {done.revision.named} again"
        with waiting.standing(name, written=done.changed.is_written):
            advise(cluster, done)
        follow(cluster, done.changed, how, types)
    except Failure as second:  # the last error is that of the deploy
        writing.advise(f"The deploy has failed. {ended}: {second.message}", second.hint)
    else:
        writing.advise(f"The deploy has failed, and {name} is back at {done.revision.named}.")
    writing.advise(*others.beside(cluster, done.changed.after if done else after))
    raise click.exceptions.Exit(failure.exit_code)
