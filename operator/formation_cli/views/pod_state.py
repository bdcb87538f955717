"""What a Pod says of the process in it: whose it is, and whether it runs."""

import re

from formation_cli.objects import (
    DEFAULT_CONTAINER,
    DELETION_COST,
    LOWEST_COST,
    ONE_OFF,
    ONE_OFF_LABEL,
    Object,
)
from formation_operator.api import naming
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods

JOB = ("batch/v1", "Job")
COST = re.compile(r"-?[0-9]{1,10}")
OVER = ("Succeeded", "Failed")
"""The phases of a Pod that has ended."""


def label(word: str, pod: str) -> str:
    """Return a process's short name: a word, and the end of its Pod's name."""
    return f"{word}.{pod.rpartition('-')[2]}"


def is_of(pod: Object) -> bool:
    """Tell whether a Pod with the Formation's label is a process of a type, or a one-off one."""
    return pods.is_process(pod["metadata"]) or ONE_OFF_LABEL in lenient.mapping(pod, "metadata", "labels")


def is_of_job(pod: Object) -> bool:
    """Tell whether a Pod with the Formation's label is of a Job, ours or another."""
    owners = lenient.items(pod["metadata"], "ownerReferences")
    return any((each.get("apiVersion"), each.get("kind")) == JOB for each in owners)


def is_once(pod: Object) -> bool:
    """Tell whether a Pod is to end: it is a one-off process, or a Job's."""
    return ONE_OFF_LABEL in lenient.mapping(pod, "metadata", "labels") or is_of_job(pod)


def is_over(pod: Object) -> bool:
    """Tell whether a Pod has ended."""
    return lenient.text(lenient.mapping(pod, "status"), "phase") in OVER


def is_going_on(pod: Object) -> bool:
    """Tell whether a Pod is a run of a schedule, or a release, that hasn't ended."""
    ours = {naming.SCHEDULE_LABEL, naming.RELEASE_LABEL} & {*lenient.mapping(pod, "metadata", "labels")}
    return bool(ours) and is_of_job(pod) and not is_over(pod)


def process_type(pod: Object) -> str:
    """Return what type a process has, or what stands for its canary; that of a run is its schedule."""
    labels = lenient.mapping(pod, "metadata", "labels")
    if naming.RELEASE_LABEL in labels and is_of_job(pod):
        return naming.RELEASE
    if naming.SCHEDULE_LABEL in labels and is_of_job(pod):
        return lenient.text(labels, naming.SCHEDULE_LABEL)
    return ONE_OFF if is_once(pod) else pods.process_of(labels)


def declared_type(pod: Object) -> str:
    """Return the same; of a canary the type that it proves a new version of."""
    own = lenient.text(lenient.mapping(pod, "metadata", "labels"), naming.PROCESS_TYPE_LABEL)
    return process_type(pod) if is_once(pod) else own


def container(pod: Object) -> str:
    """Return the name of the container that runs the process: that of its type; of another Pod the first."""
    about = pod["metadata"]
    named = lenient.text(lenient.mapping(about, "annotations"), DEFAULT_CONTAINER)
    if not named and pods.is_process(about):
        named = declared_type(pod)
    if not named and is_of_job(pod) and process_type(pod) != ONE_OFF:
        named = process_type(pod)
    first = lenient.items(lenient.mapping(pod, "spec"), "containers")[:1]
    return named or next((lenient.text(each, "name") for each in first), "")


def image(pod: Object) -> str:
    """Return the image of that container."""
    return lenient.text(container_spec(pod), "image")


def container_spec(pod: Object) -> Object:
    """Return what a Pod's spec says of that container."""
    name, containers = container(pod), lenient.items(lenient.mapping(pod, "spec"), "containers")
    return next((each for each in containers if each.get("name") == name), {})


def container_status(pod: Object) -> Object:
    """Return the status of that container; nothing while there is none."""
    name = container(pod)
    return next((each for each in statuses(pod) if each.get("name") == name), {})


def statuses(pod: Object) -> list[Object]:
    """Return the status of each container."""
    return lenient.items(lenient.mapping(pod, "status"), "containerStatuses")


def deletion_cost(pod: Object) -> int | None:
    """Return the cost by which a Pod goes before others, if it has one that Kubernetes takes."""
    text = lenient.mapping(pod, "metadata", "annotations").get(DELETION_COST)
    cost = int(text) if isinstance(text, str) and COST.fullmatch(text) else None
    return cost if cost is not None and LOWEST_COST <= cost < -LOWEST_COST else None


def unscheduled(status: Object) -> str:
    """Return why no node takes a Pod, if that is so."""
    conditions = {lenient.text(each, "type"): each for each in lenient.items(status, "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    return lenient.text(scheduled, "message") if scheduled.get("status") == "False" else ""


def has_started(pod: Object) -> bool:
    """Tell whether the process has a log: it runs, or has ended, as one has that waits to be started anew."""
    own = container_status(pod)
    state = lenient.mapping(own, "state")
    return "running" in state or "terminated" in state or "terminated" in lenient.mapping(own, "lastState")


def is_running(pod: Object) -> bool:
    """Tell whether the process runs."""
    return "running" in lenient.mapping(container_status(pod), "state")


def is_waiting(pod: Object) -> bool:
    """Tell whether the process has ended and is to be started again, as in the back-off of a crash."""
    return has_started(pod) and not is_running(pod) and not is_over(pod)


def how(pod: Object) -> str:
    """Return how the process ended, if that is known: `` with code 1``."""
    ended = lenient.mapping(container_status(pod), "state", "terminated")
    return f" with code {ended['exitCode']}" if "exitCode" in ended else ""
