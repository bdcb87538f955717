"""Read the revisions of a Formation with the user's own rights, and find the one that is meant."""

import click
from click.shell_completion import CompletionItem

from formation_cli import options
from formation_cli.changes import revisions
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.cluster_options import connect_at_once
from formation_cli.failures import Failure, Mistyped, NoAccess, again
from formation_cli.views import history
from formation_cli.words.revisions import Revision
from formation_operator.api import naming

NONE = (
    "The operator keeps one with each deploy (spec.revisionHistoryLimit); the status says what keeps it from "
    "that: kubectl describe formation {}"
)

AGAIN = "A content that is rolled out again takes the next number, and its old one is gone."


def read(cluster: Cluster, formation: Object) -> list[Revision]:
    """Return what there is of a Formation's revisions, also what only looks so."""
    labels = f"{naming.FORMATION_LABEL}={formation['metadata']['name']}"
    return revisions.read(cluster.select(kinds.CONTROLLER_REVISION, labels=labels).items, formation)


def find(cluster: Cluster, formation: Object, number: int | None) -> Revision:
    """Return a revision by its number, or the one to go back to; raises `Failure` where there is none."""
    found, name = read(cluster, formation), formation["metadata"]["name"]
    kept = [each for each in found if each.number and not each.flaw]
    if number is None:
        before = revisions.previous(kept, formation)
        if before is None:
            raise _unwell(name, [each for each in kept if each.name != revisions.of(formation).name])
        return before
    wanted = [each for each in kept if each.number == number]
    if len(wanted) != 1:
        raise Mistyped(_missing(number, found), hint=_hint(name, kept))
    return wanted[0]


def _unwell(name: str, others: list[Revision]) -> Failure:
    if not others:
        return Failure(f"{name} has no revision before this one.", hint=NONE.format(name))
    return Failure(
        f"No other revision of {name} is known to have run well. Nothing was changed.",
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

    They differ while a release holds up what is declared, or has failed.
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


def _missing(number: int, found: list[Revision]) -> str:
    same = [each for each in found if each.number == number]
    foreign = [
        f"{each.name} {each.flaw or 'has none: it is not rolled out'}"
        for each in same
        if each.flaw or not number
    ]
    if len(foreign) < len(same):
        return f"Several objects have the number {number}: {', '.join(each.name for each in same)}."
    return f"There is no revision {number}." + (f" {'; '.join(foreign[:3])}." if foreign else "")


def _hint(name: str, kept: list[Revision]) -> str:
    numbers = ", ".join(str(each.number) for each in kept)
    return f"These are kept: {numbers}. {AGAIN}" if kept else NONE.format(name)


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the numbers that begin so, the latest first, with what each has changed."""
    return _items(_kept(ctx)[1], incomplete)


def complete_way_back(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the same of what one may go back to: what ran well comes first, what is declared is left out."""
    formation, lines = _kept(ctx)
    others = [each for each in lines if each.revision.name != revisions.of(formation).name]
    return _items(sorted(others, key=lambda each: each.state == history.KEPT), incomplete)


def _kept(ctx: click.Context) -> tuple[Object, list[history.Line]]:
    """Return the Formation on a command line, and its revisions, the latest first; none where nobody says."""
    try:
        cluster = connect_at_once(ctx)
        formation = cluster.get(naming.KIND, options.name_of(ctx))
        found = read(cluster, formation) if formation else []
    except click.ClickException:
        formation, found = None, []
    if formation is None:
        return {}, []
    lines = history.lines(found, revisions.current(formation)[0])
    return formation, [
        each for each in lines[::-1] if each.state in (history.RUNS, history.RAN, history.KEPT)
    ]


def _items(lines: list[history.Line], incomplete: str) -> list[CompletionItem]:
    numbers = ((str(each.revision.number), each.change) for each in lines)
    return [
        CompletionItem(number, help=change, ordered=True)
        for number, change in numbers
        if number.startswith(incomplete)
    ]
