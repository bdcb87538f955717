"""Mark the processes that Kubernetes is to delete first, and take marks back that have no use."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from formation_cli import failures
from formation_cli.changes import counts
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.objects import DELETION_COST, LOWEST_COST
from formation_cli.views import pod_state, scale_in
from formation_cli.views.scale_in import Lowered

KEPT = "The count is lower by now, so the mark stays: `{}` shows which process goes."


@contextlib.contextmanager
def marked(
    cluster: Cluster,
    formation: str,
    chosen: Sequence[Object],
    lowered: Mapping[str, Lowered],
    *,
    dry_run: bool,
) -> Iterator[None]:
    """Mark what is chosen, and take that back if the counts aren't lowered then."""
    tried: list[Object] = []
    is_over = False
    try:
        for pod in chosen:
            tried += [] if dry_run else [pod]
            _write(cluster, pod, str(LOWEST_COST), dry_run=dry_run)
        yield
        is_over = True
    finally:
        if tried and not is_over:
            _take_back(cluster, formation, tried, lowered)


def clean(cluster: Cluster, pods: Iterable[Object], *, dry_run: bool = False) -> None:
    """Take marks off that had no use."""
    for pod in pods:
        _write(cluster, pod, None, dry_run=dry_run)


def unused(cluster: Cluster, formation: str, chosen: Iterable[Object]) -> list[Object]:
    """Return what was chosen, and runs on all the same."""
    there = {
        each["metadata"]["uid"] for each in formations.pods(cluster, formation) if scale_in.is_active(each)
    }
    return [each for each in chosen if each["metadata"]["uid"] in there]


def _take_back(
    cluster: Cluster, formation: str, tried: Iterable[Object], lowered: Mapping[str, Lowered]
) -> None:
    """Give processes the costs that they had, unless the counts were lowered although a failure came back."""
    with failures.undisturbed():
        try:
            now = counts.declared(formations.find(cluster, formation))
            types = {pod_state.process_type(each) for each in tried}
            if all(counts.is_below(now.get(each), lowered[each].before) for each in types):
                click.echo(KEPT.format(failures.again(f"ps {formation}")), err=True)
            else:
                for pod in tried:
                    _write(cluster, pod, scale_in.cost(pod))
        except failures.Failure as failure:
            names = " ".join(each["metadata"]["name"] for each in tried)
            undo = failures.pasted(f"kubectl annotate pod {names} {DELETION_COST}-")
            click.echo(f"Marks may be left behind: {failure.message} To take them off: {undo}", err=True)


def _write(cluster: Cluster, pod: Object, cost: str | None, *, dry_run: bool = False) -> None:
    cluster.patch(kinds.POD, pod["metadata"]["name"], scale_in.mark(cost), dry_run=dry_run)
