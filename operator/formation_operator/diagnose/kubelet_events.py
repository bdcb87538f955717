"""What only kubelet's Events say: that kubelet ended a container, and a probe's output.

The texts are kubelet's own (pkg/kubelet/prober/prober.go, pkg/kubelet/kuberuntime).
"""

import re
from collections.abc import Callable

from formation_operator.api.reasons import Reason
from formation_operator.diagnose import exits
from formation_operator.diagnose.finding import Events, PodEvent, latest
from formation_operator.kube.objects.containers import Container, Exit

PROBE_FAILED = {
    "liveness": Reason.LIVENESS_PROBE_FAILED,
    "readiness": Reason.READINESS_PROBE_FAILED,
    "startup": Reason.STARTUP_PROBE_FAILED,
}
FATAL = {"liveness", "startup", "postStart"}
"""The checks that kubelet ends a container for."""
REQUESTED_EXITS = (0, 128 + 9, 128 + 15)
SAYS = {
    kind: re.compile(rf"{kind.title()} probe (failed|errored[^:]*):\s*(?P<output>\S.*)")
    for kind in PROBE_FAILED
}
NO_PULL_SECRETS = re.compile(r"Unable to retrieve some image pull secrets \((?P<names>[^)]+)\)")


def ended(container: Container, last: Exit, events: Events) -> tuple[Reason, str] | None:
    """Return what kubelet says if it ended a container itself, because of a probe or a hook."""
    if "postStart" in container.checks:
        hook = latest(events, lambda event: event.reason == "FailedPostStartHook")
        if hook is not None and _fits(hook, last):
            return Reason.POST_START_HOOK_FAILED, exits.hook_failed()  # its Event says no more
    for kind in ("liveness", "startup"):
        killed = latest(events, _ended_for(container, kind))
        earliest = next((first for each, first, _ in container.probing if each == kind), 0.0)
        if kind in container.checks and killed is not None and _fits(killed, last, earliest):
            message = f"was restarted because its {kind} probe failed{probe_says(kind, events)}"
            return PROBE_FAILED[kind], message
    return None


def probe_failed(kind: str, events: Events, start: float) -> bool:
    """Return whether a probe has failed at a time or later."""
    return any(each.last >= start and each.message.startswith(f"{kind.title()} probe ") for each in events)


def probe_says(kind: str, events: Events) -> str:
    """Return what a probe that fails said last, after a colon."""
    newest = latest(events, lambda event: SAYS[kind].match(event.message) is not None)
    found = SAYS[kind].match(newest.message) if newest else None
    return f": {exits.without_preamble(found['output'])}" if found else ""


def missing_pull_secrets(events: Events) -> str:
    """Return the names of the Secrets for an image's registry that aren't there."""
    newest = latest(events, lambda event: event.reason == "FailedToRetrieveImagePullSecret")
    found = NO_PULL_SECRETS.match(newest.message) if newest else None
    return found["names"] if found else ""


def _ended_for(container: Container, kind: str) -> Callable[[PodEvent], bool]:
    ended_so = f"ontainer {container.name} failed {kind} probe"  # "Init container ..." of those among them
    return lambda event: event.message.startswith((f"C{ended_so}", f"Init c{ended_so}"))


def _fits(ended: PodEvent, last: Exit, earliest: float = 0.0) -> bool:
    """Return whether an Event that kubelet ended a container explains its latest exit.

    After some two dozen Events about a Pod kubelet records none for minutes. So an earlier Event counts, too,
    if the exit code is that of a requested end, and the container ran for ``earliest`` seconds or longer.
    """
    started, finished = exits.moments(last)
    alike = last.code in REQUESTED_EXITS and last.seconds + 1 >= earliest
    return started <= ended.last <= finished + 1 or (ended.last < started and alike)
