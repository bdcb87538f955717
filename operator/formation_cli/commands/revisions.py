"""Read the revisions of a Formation with the user's own rights, and find the one that is meant."""

import click

from formation_cli.changes import revisions
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, Mistyped, NoAccess, again
from formation_cli.views import releases
from formation_cli.words.revisions import Revision
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

NONE = (
    "The operator keeps one with each deploy (spec.revisionHistoryLimit); if it can't, the status says "
    "why: kubectl describe formation {}"
)

AGAIN = "A revision that is rolled out again takes the next number; its earlier numbers name it, too."


def read(cluster: Cluster, formation: Object) -> list[Revision]:
    """Return what there is of a Formation's revisions, also what only looks so, and what canaries try."""
    labels = f"{naming.FORMATION_LABEL}={formation['metadata']['name']}"
    found = revisions.read(cluster.select(kinds.CONTROLLER_REVISION, labels=labels).items, formation)
    if trial := lenient.text(releases.canary(formation), "state"):
        own = revisions.of(formation)
        kept = next((each for each in found if each.name == own.name), own)
        found = [*(each for each in found if each is not kept), kept._replace(trial=trial)]
    return found


def find(cluster: Cluster, formation: Object, word: str | None) -> Revision:
    """Return a revision by its number or the beginning of its digest, or the way back.

    Raises `Failure` where there is none.
    """
    if word is None:
        return way_back(cluster, formation, formation)
    found, name = read(cluster, formation), formation["metadata"]["name"]
    kept = [each for each in found if not each.flaw]
    if not word.strip():
        raise Mistyped("The revision is empty: type its number.", hint=_hint(name, kept))
    wanted = [each for each in kept if each.is_meant(word)]
    if len(wanted) != 1:
        raise Mistyped(_missing(word, found, wanted), hint=_hint(name, kept))
    typed = next((each for each in wanted[0].numbers if word == str(each)), wanted[0].number)
    return wanted[0]._replace(number=typed)


def way_back(cluster: Cluster, known: Object, declared: Object) -> Revision:
    """Return the newest revision that ran well and hasn't failed since, and say which ones are skipped.

    What is ``known`` of the Formation is from before it ``declared`` what is left.  Raises `Failure` where
    there is no such revision.
    """
    left, own = revisions.of(declared), revisions.of(known)
    found = [each for each in read(cluster, known) if not each.flaw and each.name != left.name]
    if own.name not in (left.name, *(each.name for each in found)):
        found.append(own)  # its revision couldn't be written
    target = revisions.way_back(found, known, left.name)
    if target is None:
        raise _unwell(declared["metadata"]["name"], left, found)
    for each in found:
        if each.number > target.number:
            why = "whose last deploy failed" if each.has_failed else "which isn't known to have run well"
            click.echo(f"Skipped: {each.named}, {why}.", err=True)
    return target


def _unwell(name: str, left: Revision, others: list[Revision]) -> Failure:
    stands = f"{name} stays as it is declared{f' ({left.images})' if left.images else ''}."
    if not others:
        return Failure(f"{name} has no other revision. {stands}", hint=NONE.format(name))
    return Failure(
        f"No other revision of {name} is known to have run well and not to have failed since. {stands}",
        hint=f"See which there are with `{again(f'history {name}')}`, and choose one with "
        f"`{again(f'rollback {name} --to N')}`.",
    )


def rolled_out(cluster: Cluster, formation: Object) -> Revision | None:
    """Return what was rolled out last, if that is known and kept."""
    name, _ = revisions.current(formation)
    found = cluster.get(kinds.CONTROLLER_REVISION, name) if name else None
    kept = revisions.read([found], formation) if found else []
    return kept[0] if kept and not kept[0].flaw else None


def running(cluster: Cluster, formation: Object) -> Object:
    """Return a Formation with what was rolled out last in place of what it declares, as far as that is known.

    They differ while a release or canaries hold up what is declared, or have failed.
    """
    if revisions.of(formation).number:
        return formation
    try:
        found = rolled_out(cluster, formation)
    except NoAccess:  # then a forecast is about what is declared
        found = None
    return (
        {**formation, "spec": revisions.spec_with(formation["spec"], found.content)} if found else formation
    )


def _missing(word: str, found: list[Revision], wanted: list[Revision]) -> str:
    if wanted:
        return f"Several objects are called {word}: {', '.join(each.name for each in wanted)}."
    foreign = [f"{each.name} {each.flaw}" for each in found if each.flaw and each.is_meant(word)]
    return f"There is no revision {word}." + (f" {'; '.join(foreign[:3])}." if foreign else "")


def _hint(name: str, kept: list[Revision]) -> str:
    numbers = sorted({number for each in kept for number in each.numbers})
    words = ", ".join([*map(str, numbers), *(each.called for each in kept if not each.numbers)])
    return f"These are kept: {words}. {AGAIN}" if kept else NONE.format(name)
