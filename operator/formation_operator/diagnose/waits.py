"""Why a container waits, by kubelet's reason and message, or why its Pod can't be created."""

import re
from collections.abc import Callable

from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import exits
from formation_operator.diagnose.finding import Finding
from formation_operator.kube.objects.containers import Container

RUN_AS = (
    "or podTemplate: {spec: {securityContext: {runAsUser: 1000}}}, "
    "or spec.securityDefaults: none to run it as it is"
)
CANNOT = "can't start: "
ORDINARY = ("", "ContainerCreating", "PodInitializing")
"""The reasons for which every container waits at first."""
TOO_OFTEN = "its registry allows no more pulls for now: wait, or log in with imagePullSecrets in podTemplate"
LOG_IN = "check its name, and imagePullSecrets in podTemplate for its registry"
# The first that fits counts: it says most.
WAYS_TO_AN_IMAGE = {
    re.compile("no match for platform"): "it isn't built for this node's kind of machine",
    re.compile("429 T|toomanyrequests"): TOO_OFTEN,
    re.compile("401 U|403 F|access denied|denied:|authorization failed|no basic auth"): LOG_IN,
    re.compile("x509"): "its node doesn't trust the certificate of its registry",
    re.compile(": not found$"): "check its name and its tag",
}
NOT_FOUND = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found')
BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*": (\w+: )?')
MISSING = {"secret": ("Secret", Reason.SECRET_MISSING), "configmap": ("ConfigMap", Reason.CONFIG_MAP_MISSING)}
USERS = {
    "non-numeric user": (
        Reason.IMAGE_USER_NOT_NUMERIC,
        f"its image names its user with a word: set USER to a number in the Dockerfile, {RUN_AS}",
    ),
    "run as root": (
        Reason.IMAGE_USER_IS_ROOT,
        f"its image runs as root: set USER 1000 in the Dockerfile, {RUN_AS}",
    ),
    "runAsUser breaks non-root policy": (
        Reason.RUNS_AS_ROOT,
        "podTemplate makes it run as root: set another runAsUser, or spec.securityDefaults: none",
    ),
}
"""What kubelet says of users (pkg/kubelet/kuberuntime/security_context.go), and the one-line fix."""


def finding(container: Container) -> Finding | None:
    """Return why a container waits, or nothing if it is only about to start."""
    if container.waiting in KNOWN:
        return KNOWN[container.waiting](container)
    return _cannot_start(container) if container.waiting.endswith("Error") else None


def for_long(container: Container) -> Finding | None:
    """Return why a container has waited for long, whatever its reason is called."""
    return None if container.waiting in ORDINARY else _cannot_start(container)


def _cannot_start(container: Container, reason: str = "") -> Finding:
    message = f"{CANNOT}{container.message or container.waiting}"
    return Finding(State.STARTING, reason or container.waiting, message)


def _refused(container: Container) -> Finding:
    """Return kubelet's refusal to start a container, with the one-line fix where there is one."""
    refusal = container.message
    for text, (reason, fix) in USERS.items():
        if text in refusal:
            return Finding(State.STARTING, reason, f"{CANNOT}{fix}", lasting=True)
    missing = NOT_FOUND.fullmatch(refusal)
    if missing is None:
        return _cannot_start(container, Reason.CONTAINER_CONFIG_ERROR)
    kind, reason = MISSING[missing["kind"]]
    text = f"{CANNOT}there is no {kind} {missing['name']}: create it, or correct env and envFrom"
    return Finding(State.STARTING, reason, text)


def _pull_failed(container: Container) -> Finding:
    cause = exits.without_preamble(BACK_OFF.sub("", container.message))
    text = f"can't pull its image: {cause}".rstrip(": ")
    lasting = container.waiting in ("InvalidImageName", "ErrImageNeverPull")
    return Finding(State.STARTING, Reason.IMAGE_PULL_FAILED, text, lasting)


def _not_started(container: Container) -> Finding:
    """Return why the runtime couldn't start a program, in the same sentence as an exit has."""
    reason = exits.why_not_started(container.message)
    if reason == Reason.START_ERROR and container.waiting == "CreateContainerError":
        return _cannot_start(container)
    message = exits.not_started(container.message)
    return Finding(State.CRASHING, reason, message, lasting=reason == Reason.BAD_COMMAND)


def _hook_failed(container: Container) -> Finding:
    return Finding(State.CRASHING, Reason.POST_START_HOOK_FAILED, exits.hook_failed(container.message))


def _backing_off(container: Container) -> Finding | None:
    """Return a finding for a crash loop, if nothing else is known about it."""
    text = "ended, and will be started again; its exit code isn't known any more"
    return None if container.exit else Finding(State.CRASHING, Reason.LOST, text)


PULLS = (
    "ErrImagePull ImagePullBackOff ErrImageNeverPull InvalidImageName ImageInspectError RegistryUnavailable "
    "SignatureValidationFailed"
)
KNOWN: dict[str, Callable[[Container], Finding | None]] = {
    "CrashLoopBackOff": _backing_off,
    "CreateContainerConfigError": _refused,
    "CreateContainerError": _not_started,
    "RunContainerError": _not_started,
    "PostStartHookError": _hook_failed,
    **dict.fromkeys(PULLS.split(), _pull_failed),
}
"""By kubelet's reason of a wait."""

# These refusals to create a Pod last; others pass, as when a quota is freed, or a webhook comes back.
LASTING_REFUSAL = re.compile(
    r"violates PodSecurity|is invalid:|(minimum|maximum) \S+ usage per|limit to request ratio|must specify"
    r"|denied (the )?request"
)
FORBIDDEN = re.compile(
    r'^(Failed to create new replica set "[^"]*": )?(pods|replicasets\.apps) "[^"]*" is forbidden: '
)
UNSPECIFIED = re.compile(r"(?:specify|;) (\S+) for: ")
FIX = "securityDefaults: restricted (the default) meets that standard; check what podTemplate adds"


def lasts(refusal: str) -> bool:
    """Return whether a refusal to create something lasts."""
    return LASTING_REFUSAL.search(refusal) is not None


def refused(refusal: str) -> str:
    """Return why something can't be created, with the way out where there is one."""
    text = FORBIDDEN.sub("", refusal)
    if "violates PodSecurity" in text:
        return f"{text}: {FIX}"
    if "exceeded quota" in text:
        return f"{text}: raise that quota, or lower counts or resources"
    # A bare name in a quota means requests.
    named = [name if "." in name else f"requests.{name}" for name in UNSPECIFIED.findall(text)]
    fields = [f"resources.{name}" for name in named if "must specify" in text]
    return f"{text}: set {', '.join(fields)}" if fields else text
