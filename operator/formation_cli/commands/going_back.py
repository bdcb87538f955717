"""Go back to a content that ran before, by hand or where a deploy fails."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import click

from formation_cli.changes import git, impact
from formation_cli.changes import revisions as changes
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import revisions, waiting, writing
from formation_cli.failures import Failure, NoAccess, TimedOut, again
from formation_cli.options import Wait
from formation_cli.views import history, releases
from formation_cli.words.revisions import Revision


class Done(NamedTuple):
    """What was written."""

    before: Object
    after: Object
    revision: Revision

    @property
    def sentence(self) -> str:
        """What has changed, in a line."""
        old, new = (changes.of(each).content for each in (self.before, self.after))
        return f"{self.revision}: {history.changes(old, new) or 'as it was'}"


def go_back(
    cluster: Cluster, name: str, choose: Callable[[Object], Revision], *, dry_run: bool = False
) -> Done:
    """Write the content that is chosen by how the Formation is now; raises `Failure` where it can't run."""
    chosen: list[Revision] = []

    def patch(found: Object) -> list[Object]:
        chosen[:] = [choose(found)]
        _check_sources(cluster, chosen[0])
        return changes.patch(found, chosen[0].content)

    before, after = writing.change(cluster, name, patch, dry_run=dry_run)
    return Done(before, after, chosen[0])


def _check_sources(cluster: Cluster, revision: Revision) -> None:
    """Raise `Failure` if a ConfigMap or a Secret is gone; what can't be read is said."""
    gone = []
    for source in changes.needed(revision.content):
        try:
            found = cluster.get(source.kind, source.name)
        except NoAccess as failure:
            if not failure.refused:
                raise
            click.echo(f"Whether {source} is still there isn't known: {failure.message}", err=True)
            continue
        gone += [] if found else [str(source)]
    if gone:
        what = f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone"
        raise Failure(
            f"{what}, which {revision} needs. Nothing was changed.",
            hint="Create it again, or choose another revision.",
        )


def advise(done: Done) -> None:
    """Say beside the result which types restart, and who will set it back."""
    before, after = done.before, done.after
    if before is after:
        return
    name, declared = before["metadata"]["name"], before["spec"]["processes"]
    new = [each for each in sorted(after["spec"]["processes"]) if each not in declared]
    paths = changes.changed(before["spec"], after["spec"])
    writing.advise(
        before,
        *impact.impact(before, after),
        *(f"{each} starts with 1 process: {again(f'scale {name} {each}=N')}" for each in new),
        git.hint(before, paths, "revert it there"),
    )


def wait(
    cluster: Cluster,
    before: Object,
    after: Object,
    wanted: Wait,
    types: Iterable[str] = (),
    *,
    back: bool = False,
) -> None:
    """Wait for a deploy, if that is wanted; where it fails go ``back``, or say the line that does so."""
    if not wanted.wanted:
        return
    try:
        waiting.wait(cluster, after, wanted.timeout, types, deployed=True)
    except (waiting.NotReady, TimedOut) as failure:
        if not back:
            failure.also(_line(before, after))
            raise
        failure.show()
        _take_back(cluster, before, after, failure, wanted, types)


def _line(before: Object, after: Object) -> str:
    """Return what is typed to go back; nothing where nothing to go back to is known."""
    current, latest = changes.current(before)
    if latest < 1 or (latest == 1 and changes.of(after).name == current):
        return ""
    number = changes.of(before).number if _differ(before, after) else 0
    to = f" --to {number}" if number else ""
    name = before["metadata"]["name"]
    return f"To go back: {again(f'rollback {name}{to} --wait')}"


def _differ(one: Object, other: Object) -> bool:
    return changes.of(one).content != changes.of(other).content


def _take_back(
    cluster: Cluster, before: Object, after: Object, failure: Failure, wanted: Wait, types: Iterable[str]
) -> None:
    """Go back to what was there before, wait for it, and end with the code of the deploy's failure."""
    name = before["metadata"]["name"]

    def choose(found: Object) -> Revision:
        if _differ(found, after):
            raise Failure(f"Someone else has changed {name} in the meantime, so it stays as it is.")
        unreleased = releases.is_gated(before)  # to come back to that would run its release again
        here = _differ(before, after) and not unreleased
        return changes.of(before) if here else revisions.find(cluster, found, None)

    try:
        done = go_back(cluster, name, choose)
        click.echo(f"Going back to {done.sentence}", err=True)
        advise(done)
        waiting.wait(cluster, done.after, wanted.timeout, types, deployed=True)
    except Failure as second:
        second.show()
    else:
        click.echo(f"The deploy has failed, and {name} is back at what was {done.revision}.", err=True)
    raise click.exceptions.Exit(failure.exit_code)
