"""Which processes Kubernetes deletes first when a count is lowered, and the mark that changes the order.

Source: ActivePodsWithRanks in pkg/controller/controller_utils.go of Kubernetes, whose order begins: without a
node, pending, not ready, and then the lowest cost of deletion.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from formation_cli.failures import Failure, Mistyped, again, did_you_mean
from formation_cli.objects import DELETION_COST, LOWEST_COST, Object
from formation_cli.views import log_lines, pod_state, table, versions
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods

PHASES = {"Pending": 0, "Unknown": 1}
"""The phases whose Pods go before those that run."""


class Lowered(NamedTuple):
    """A type's count before and after it is lowered."""

    before: int
    after: int


def is_counted(pod: Object) -> bool:
    """Tell whether a Pod is a process of a type, which the type's count includes."""
    labelled = pods.is_process(pod["metadata"])
    return labelled and pod_state.process_type(pod) == pod_state.declared_type(pod)


def label(pod: Object) -> str:
    """Return the short name of a process."""
    return pod_state.label(pod_state.process_type(pod), pod["metadata"]["name"])


def mark(cost: str | None) -> Object:
    """Return the merge patch that gives a Pod a cost of deletion, or takes it away."""
    return {"metadata": {"annotations": {DELETION_COST: cost}}}


def cost(pod: Object) -> str | None:
    """Return the cost of deletion as a Pod has it."""
    found = lenient.mapping(pod, "metadata", "annotations").get(DELETION_COST)
    return found if isinstance(found, str) else None


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
        if not is_active(pod):
            how = "is stopping already" if "deletionTimestamp" in pod["metadata"] else "has ended already"
            raise Mistyped(f"{word} {how}. Name another process, or leave out --process.")
        chosen[pod["metadata"]["name"]] = pod
    return [*chosen.values()]


def _uncounted(formation: str, pod: Object, word: str) -> Mistyped:
    if pods.is_process(pod["metadata"]):
        return Mistyped(f"{word} is a canary: no count includes it, and it goes by itself.")
    hint = f"To end it: {again(f'stop {formation} --process {word}')}"
    return Mistyped(f"{word} isn't a process of a type: no count includes it.", hint=hint)


def is_active(pod: Object) -> bool:
    """Tell whether a ReplicaSet counts a Pod."""
    return not pod_state.is_over(pod) and "deletionTimestamp" not in pod["metadata"]


def _counted(found: Iterable[Object], type_: str) -> list[Object]:
    """Return the Pods that a type's count is about."""
    own = (each for each in found if is_counted(each) and pod_state.process_type(each) == type_)
    return [*filter(is_active, own)]


def stale(found: Sequence[Object], chosen: Sequence[Object], lowered: Mapping[str, Lowered]) -> list[Object]:
    """Return what has a mark of before, which had no use: as many run as are declared."""
    old: list[Object] = []
    for type_ in {pod_state.process_type(each) for each in chosen}:
        there = _counted(found, type_)
        old += there if len(there) <= lowered[type_].before else []
    return [each for each in old if each not in chosen and pod_state.deletion_cost(each) == LOWEST_COST]


def check(
    formation: str, found: Sequence[Object], chosen: Iterable[Object], lowered: Mapping[str, Lowered]
) -> None:
    """Raise a failure unless the counts that are ``lowered``, by type, delete all that are chosen."""
    by_type: dict[str, list[Object]] = {}
    for each in chosen:
        by_type.setdefault(pod_state.process_type(each), []).append(each)
    for type_, marked in by_type.items():
        if type_ not in lowered:
            words = " ".join(f"--process {label(each)}" for each in marked)
            hint = f"Lower it: {again(f'scale {formation} {type_}-{len(marked)} {words}')}"
            raise Mistyped(f"{_names(marked)}: the count of {type_} isn't lowered.", hint=hint)
        _check(formation, _counted(found, type_), marked, *lowered[type_])


def _check(
    formation: str, there: Sequence[Object], marked: Sequence[Object], before: int, after: int
) -> None:
    type_, names, last = pod_state.process_type(marked[0]), _names(marked), max(map(_place, marked))
    earlier = [each for each in there if each not in marked and _place(each) < last]
    needed = len(marked) + len(earlier)
    words = " ".join(f"--process {label(each)}" for each in marked)
    more = f"lower the count by more: {again(f'scale {formation} {type_}-{needed} {words}')}"
    if versions.are_mixed(there):
        sentence = f"{type_} runs processes of two versions, and it is open of which version one would go."
        raise _not_now(sentence, f"Wait until one version is left: {again(f'wait {formation}')}")
    if len(marked) > before - after:
        sentence = (
            f"{len(marked)} processes of {type_} are named, but its count is lowered by {before - after}."
        )
        raise Mistyped(sentence, hint=f"To delete all of them, {more}")
    if needed > before - after:
        verb = "it isn't" if len(earlier) == 1 else "they aren't"
        sentence = f"Kubernetes would delete {_names(earlier)} before {names}, because {verb} ready."
        raise _not_now(sentence, f"Wait until that is over, or {more}")
    if needed > len(there) - after:
        sentence = f"Only {len(there)} of {before} processes of {type_} are there, so others may go, or none."
        raise _not_now(sentence, f"Wait for the others: {again(f'ps {formation}')}")


def _not_now(sentence: str, hint: str) -> Failure:
    return Failure(f"{sentence} Nothing was changed.", hint=hint)


def _names(found: Iterable[Object]) -> str:
    return table.listed([*map(label, found)])


def _place(pod: Object) -> tuple[bool, int, bool]:
    """Return what orders Pods before their costs do: the least goes first."""
    status = lenient.mapping(pod, "status")
    ready = lenient.conditions(status).get("Ready", {}).get("status") == "True"
    is_bound = bool(lenient.mapping(pod, "spec").get("nodeName"))
    return is_bound, PHASES.get(lenient.text(status, "phase"), len(PHASES)), ready
