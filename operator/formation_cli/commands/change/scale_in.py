"""Have Kubernetes delete the processes that are named when a count is lowered.

It looks first at whether a Pod has a node, is pending and is ready, and then at its cost of deletion.
Source: ActivePodsWithRanks in pkg/controller/controller_utils.go of Kubernetes
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from formation_cli import failures
from formation_cli.changes import counts
from formation_cli.changes.counts import Change
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, Mistyped, again, did_you_mean, pasted
from formation_cli.objects import DELETION_COST, LOWEST_COST
from formation_cli.views import log_lines, pod_state, table, versions
from formation_cli.words.counts import Bounds, Count
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods

PHASES = {"Pending": 0, "Unknown": 1}
"""The phases whose Pods go before those that run."""
KEPT = "The count is lower by now, so the mark stays: `{}` shows which process goes."
MARKED = "{}: marked to go first"
type_of = pod_state.process_type


def is_counted(pod: Object) -> bool:
    """Tell whether a Pod is a process of a type that hasn't ended, which the type's count includes."""
    return _is_of_type(pod) and not pod_state.is_over(pod) and "deletionTimestamp" not in pod["metadata"]


def _is_of_type(pod: Object) -> bool:
    """Tell whether a Pod is, or was, a process of a type, and no canary."""
    return pods.is_process(pod["metadata"]) and type_of(pod) == pod_state.declared_type(pod)


def label(pod: Object) -> str:
    """Return the short name of a process."""
    return pod_state.label(type_of(pod), pod["metadata"]["name"])


def named(formation: str, found: Sequence[Object], words: Iterable[str]) -> list[Object]:
    """Return the Pods of the processes that are named; raises `Mistyped` for one that no count includes."""
    chosen: dict[str, Object] = {}
    for word in words:
        pod = next((each for each in found if log_lines.is_named(each, word)), None)
        if pod is None:
            names = [each["metadata"]["name"] for each in found if is_counted(each)]
            raise Mistyped(f"{formation} has no process {word}.", hint=did_you_mean(word, names))
        if not is_counted(pod):
            raise _uncounted(formation, pod, word)
        chosen[pod["metadata"]["name"]] = pod
    return [*chosen.values()]


def _uncounted(formation: str, pod: Object, word: str) -> Mistyped:
    which = f"one of {type_of(pod)}" + ", which is stopping or has ended" * _is_of_type(pod)
    lists, stops = again(f"ps {formation}"), again(f"stop {formation} --process {word}")
    hint = f"{lists} lists the others; {stops} ends what runs once."
    return Mistyped(f"No count includes the process {word}, {which}.", hint=hint)


def check(
    formation: str, found: Sequence[Object], chosen: Sequence[Object], changed: Iterable[Change]
) -> None:
    """Raise a failure unless the changes of counts delete all that are chosen."""
    by_type = {each.type: each for each in changed}
    for type_ in dict.fromkeys(map(type_of, chosen)):
        marked = [each for each in chosen if type_of(each) == type_]
        there = [each for each in found if is_counted(each) and type_of(each) == type_]
        if refused := _refused(formation, there, marked, by_type.get(type_)):
            raise refused


def _refused(
    formation: str, there: Sequence[Object], marked: Sequence[Object], change: Change | None
) -> Failure | None:
    """Return why a change of the count wouldn't delete what is marked, and what to do; or nothing."""
    type_ = type_of(marked[0])
    names = table.listed([*map(label, marked)])
    earlier = [each for each in there if each not in marked and _place(each) < max(map(_place, marked))]
    words = " ".join(f"--process {label(each)}" for each in marked)
    lower = again(f"scale {formation} {type_}-{len(marked) + len(earlier)} {words}")
    if change and isinstance(change.after, Bounds):
        hint = "To mark it for that: " + pasted(f"kubectl annotate pod {_pods(marked)} {DELETION_COST}=-1")
        return Mistyped(f"{names}: an autoscaler lowers the count, at a time of its own.", hint=hint)
    if not change or len(marked) > change.lowered:
        by = f"is lowered by {change.lowered}" if change and change.lowered else "isn't lowered"
        return Mistyped(f"{names}: the count {by}.", hint=f"To delete all that you name: {lower}")
    if versions.are_mixed(there):
        sentence = f"{type_} runs processes of two versions, and it is open of which version one would go."
        return _not_now(sentence, f"Wait until one version is left: {again(f'wait {formation}')}")
    if len(marked) + len(earlier) > change.lowered:
        before = f"{table.listed([*map(label, earlier)])} before {names}"
        hint = f"Wait until all are ready, or lower the count by more: {lower}"
        return _not_now(f"Kubernetes would delete {before}: what isn't ready goes first.", hint)
    if len(there) < counts.ends(change.before).most:
        sentence = f"{len(there)} of {change.before} processes of {type_} are there: others may go, or none."
        return _not_now(sentence, f"Wait for the missing ones: {again(f'ps {formation}')}")
    return None


def _not_now(sentence: str, hint: str) -> Failure:
    return Failure(f"{sentence} Nothing was changed.", hint=hint)


def _pods(found: Iterable[Object]) -> str:
    return " ".join(each["metadata"]["name"] for each in found)


def _place(pod: Object) -> tuple[bool, int, bool]:
    """Return what orders Pods before their costs do: the least goes first."""
    status = lenient.mapping(pod, "status")
    ready = lenient.conditions(status).get("Ready", {}).get("status") == "True"
    is_bound = bool(lenient.mapping(pod, "spec").get("nodeName"))
    return is_bound, PHASES.get(lenient.text(status, "phase"), len(PHASES)), ready


@contextlib.contextmanager
def marking(
    cluster: Cluster, formation: str, chosen: Sequence[Object], changed: Iterable[Change], *, dry_run: bool
) -> Iterator[None]:
    """Mark what is chosen, and take that back if the counts aren't lowered then."""
    try:
        for pod in chosen:
            mark(cluster, pod, str(LOWEST_COST), dry_run=dry_run)
        yield
    except BaseException:
        if chosen and not dry_run:
            with failures.undisturbed():
                _take_back(cluster, formation, chosen, changed)
        raise


def mark(cluster: Cluster, pod: Object, cost: str | None, *, dry_run: bool = False) -> None:
    """Give a Pod a cost of deletion, or take it away."""
    patch = {"metadata": {"annotations": {DELETION_COST: cost}}}
    cluster.patch(kinds.POD, pod["metadata"]["name"], patch, dry_run=dry_run)


def stale(found: Iterable[Object], chosen: Sequence[Object], changed: Iterable[Change]) -> list[Object]:
    """Return what has a mark that had no use: as many run as are declared."""
    there = [each for each in found if is_counted(each)]
    old = [each for each in there if pod_state.deletion_cost(each) == LOWEST_COST and each not in chosen]
    running = Counter(map(type_of, there))
    full = {each.type for each in changed if running[each.type] <= counts.ends(each.before).most}
    return [each for each in old if type_of(each) in full & {*map(type_of, chosen)}]


def _take_back(cluster: Cluster, formation: str, chosen: Sequence[Object], changed: Iterable[Change]) -> None:
    """Give processes the costs that they had, unless the counts were lowered although a failure came back."""
    try:
        now = counts.declared(formations.find(cluster, formation))
        types = {*map(type_of, chosen)}
        if all(_is_lower(now.get(each.type), each) for each in changed if each.type in types):
            click.echo(KEPT.format(again(f"ps {formation}")), err=True)
            return
        for pod in chosen:
            mark(cluster, pod, lenient.mapping(pod, "metadata", "annotations").get(DELETION_COST))
    except Failure as failure:
        undo = pasted(f"kubectl annotate pod {_pods(chosen)} {DELETION_COST}-")
        click.echo(f"Marks may be left behind: {failure.message} To take them off: {undo}", err=True)


def _is_lower(count: Count | None, than: Change) -> bool:
    return isinstance(count, int) and count < counts.ends(than.before).most
