"""Set the counts of process types."""

import click

from formation_cli import cluster_options, options, rights
from formation_cli.changes import counts as changes
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import asking, waiting, writing
from formation_cli.commands.change import scale_in
from formation_cli.failures import Failure, Mistyped, NoAccess, again
from formation_cli.options import How
from formation_cli.terminal import formats, screen
from formation_cli.words import counts as words
from formation_cli.words.counts import Wanted
from formation_operator.api import naming

NO_METRICS = (
    "The cluster serves no metrics of Pods now, so an autoscaler can't follow CPU or memory: ask its "
    "administrator for metrics-server."
)
COUNTS = "[TYPE=N | TYPE+N | TYPE-N | TYPE=MIN..MAX]..."


@click.command("scale", cls=options.Command)
@options.formation()
@click.argument("counts", nargs=-1, metavar=COUNTS, shell_complete=cluster_options.COUNT)
@options.processes(
    "Have Kubernetes delete this process first, by its name in `ps` or `logs`.", scale_in.is_counted
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask about an unusually high count.")
@options.change(written="Print the counts or the Formation's name, for programs.", checks=False)
def command(
    cluster: Cluster, name: str, counts: tuple[str, ...], processes: tuple[str, ...], how: How, *, yes: bool
) -> None:
    """Set the counts (replicas) of process types, all in one write. Remaining processes aren't restarted.

    web=5 sets a count. worker+2 adds to a count, and worker-1 subtracts from it. worker=4..12 lets an
    autoscaler choose a count between these bounds: `scale` sets the bounds in the autoscaling of the type.
    For a type without autoscaling, it adds autoscaling that keeps the CPU at 80 % of the request. Without
    counts, `scale` prints the present counts and bounds as arguments that you can type again.

    A count above 50 that is more than ten times the present one might be a mistake. At a terminal, `scale`
    asks whether you mean such a count. Elsewhere, the count needs --yes.

    With --process, the process that you name goes first: `scale` marks its Pod with the lowest cost of
    deletion (controller.kubernetes.io/pod-deletion-cost), and then lowers the count. Kubernetes deletes
    processes that aren't ready first, whatever their costs are. If another process would go for that reason,
    `scale` says so and changes nothing.

    Examples:
      scale shop web=5 worker+2 clock=0
      scale shop web=5 --wait
      scale shop worker-1 --dry-run
      scale shop worker-1 --process worker.x7k2p   # this one goes
      scale shop worker=4..12
      scale shop   # prints web=5 worker=4..12 clock=0
      scale shop -o json
      scale shop worker=200 --yes   # doesn't ask about the high count
    """
    if words.is_count(name):
        hint = f"kubectl formation scale NAME {' '.join((name, *counts))}"
        raise Mistyped("Which Formation? Its name comes first.", hint=hint)
    wanted = words.parse(counts)
    if wanted or processes:
        _scale(cluster, name, wanted, how, processes, yes=yes)
    else:
        _show(formations.find(cluster, name), how.output)


def _scale(
    cluster: Cluster, name: str, wanted: list[Wanted], how: How, processes: tuple[str, ...], *, yes: bool
) -> None:
    meant: set[changes.Change] = set()
    pods = formations.pods(cluster, name) if processes else []

    def patch(found: Object) -> list[Object]:
        changed = changes.changes(found, wanted)
        scale_in.check(name, pods, chosen, changed)
        doubtful = {each for each in changed if each.may_be_a_slip}
        if doubtful - meant and not (yes or how.dry_run):
            _ask([each for each in changed if each in doubtful])
            meant.update(doubtful)
        return changes.patch(found, changed)

    chosen = scale_in.named(name, pods, processes)
    first: list[changes.Change] = []
    if chosen:  # what can't be meant is refused, and what may be a slip is asked about, before a mark
        seen = formations.find(cluster, name)
        patch(seen)
        first = changes.changes(seen, wanted)
    if chosen or how.waits:
        names = {rights.FORMATION: [name], rights.PROCESS: [each["metadata"]["name"] for each in chosen]}
        rights.check(cluster, "scale", {"process": processes, "wait": how.waits}, names)
    with scale_in.marking(cluster, name, chosen, first, dry_run=how.dry_run):
        for each in scale_in.stale(pods, chosen, first):
            scale_in.mark(cluster, each, None, dry_run=how.dry_run)
        written = before, after = writing.change(cluster, name, patch, dry_run=how.dry_run)
    changed = changes.changes(before, wanted)
    said = [*map(str, changed), *(scale_in.MARKED.format(scale_in.label(each)) for each in chosen)]
    writing.report(written, how, *said, value=quantities(after))
    if before["spec"].get("suspend"):
        start = again(f"start {name}")
        writing.advise(f"{name} is stopped: `{start}` starts it with these counts.")
    if changes.needs_metrics(after, changed):
        writing.advise(_unmeasured(cluster, name))
    if how.waits:
        waiting.wait(cluster, after, how.timeout, [each.type for each in changed])


def _unmeasured(cluster: Cluster, name: str) -> str:
    """Return that an autoscaler can't work, where it is known that the cluster serves no metrics."""
    try:
        cluster.select(kinds.POD_METRICS, labels=f"{naming.FORMATION_LABEL}={name}")
    except NoAccess:
        return ""
    except Failure:
        return NO_METRICS
    return ""


def _ask(doubtful: list[changes.Change]) -> None:
    """Return if such counts are meant; raises `Mistyped` where no person could answer."""
    what = f"{'; '.join(map(str, doubtful))}: that is more than {changes.TIMES} times as many"
    otherwise = Mistyped(f"{what}. Nothing was changed.", hint="If you mean it, add --yes.")
    asking.confirm(f"{what}. Do you mean it?", otherwise)


def _show(formation: Object, output: str | None) -> None:
    """Print the counts and bounds that the Formation says; of what it leaves open only say who decides."""
    if output:
        value = [formats.reference(formation)] if output == "name" else quantities(formation)
        formats.write(value, output)
        return
    declared = changes.declared(formation)
    if declared:
        screen.write(words.line(declared))
    for name, (count, autoscaler) in changes.open_ones(formation).items():
        who = autoscaler or ("its autoscaler" if name in declared else "anyone who scales its Deployment")
        click.echo(f"{name}: {count}, set by {who}", err=True)


def quantities(formation: Object) -> list[Object]:
    """Return the counts in the shape of Heroku's formation API."""
    open_ones = {name: count for name, (count, _) in changes.open_ones(formation).items()}
    found = {**changes.declared(formation), **open_ones}
    return [{"type": name, "quantity": found[name]} for name in sorted(found)]
