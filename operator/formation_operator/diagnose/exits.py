"""How a process ended: a sentence for people, and a reason for programs."""

import functools
import re
import signal
from typing import Any

from formation_operator.api.reasons import Reason
from formation_operator.diagnose import log_excerpt
from formation_operator.foreground import check
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.containers import Exit
from formation_operator.observe.pods import REJECTED, Pod

STARTUP_SECONDS = 10.0
"""An exit within so many seconds counts as one at startup."""
SHELL_CODES = {
    126: "the shell found the command but couldn't execute it",
    127: "the shell found no such command",
}
SIGNALS: dict[int, str] = {
    signal.SIGABRT: "it aborted itself",
    signal.SIGBUS: "a memory access went wrong",
    signal.SIGFPE: "a calculation went wrong",
    signal.SIGILL: "its program isn't made for this machine, or aborted itself",
    signal.SIGKILL: "the kernel, or someone on its node, killed it",
    signal.SIGSEGV: "a memory access went wrong",
    signal.SIGSYS: "it made a forbidden system call",
    signal.SIGTERM: "a client asked it to end",
}
NO_START = ("StartError", "ContainerCannotRun")
"""The reasons of container runtimes for a container that couldn't be started."""
# What runc and the kernel say of a program that can't be started, after the name of the system call.
NOT_STARTED = re.compile(
    r'exec: "(?P<program>[^"]*)": (stat \S+: )?(?P<why>[^:]+)|exec (?P<path>\S+): (?P<error>[^:]+)'
)
# The same as the last line of a process's own log.
HARDLY_STARTED = re.compile(
    r"exec \S+: (exec format error|no such file or directory|permission denied|argument list too long)"
)
# The calls that a container runtime's cause comes through.
PREAMBLE = re.compile(
    r"^.*unable to start container process: (error during container init: )?|rpc error: code = \w+ desc = "
)
NO_COMMAND = "no command specified"
"""What a container runtime says if there is no command."""
CHECK = "check command, args and the image"
ONE_WORD_EACH = "write each word of a command as its own item of the list"
# What the kernel says of a file that exists.
OF_A_FILE = {
    "no such file or directory": "it exists, but the program in its first line (#!), or its loader, doesn't",
    "exec format error": "it isn't built for this machine, or it is a script without a first line (#!)",
    "argument list too long": "Linux takes no argument or variable above 131071 bytes: use a file",
}
PROCESS = "a process type", "make it a Job"
HELPER = "a container beside the process", "move it to initContainers, without a restartPolicy"
"""What has to keep running, and what to do if its work was done."""
WAY_OUT = functools.lru_cache(maxsize=64)(check.way_out)
"""Many Pods have the same command."""


def reason(exit_: Exit) -> Reason:
    """Return the reason, for programs, that a container ended."""
    if exit_.reason == "OOMKilled":
        return Reason.OUT_OF_MEMORY
    if exit_.reason == "ContainerStatusUnknown" or (exit_.code == 255 and exit_.reason == "Unknown"):
        return Reason.LOST  # containerd reports the second for a container that it lost, as after a reboot
    if exit_.reason in NO_START:
        return why_not_started(exit_.message)
    if _hardly_started(exit_):
        return Reason.BAD_COMMAND
    if exit_.code == 0:
        at_once = exit_.seconds < STARTUP_SECONDS and not exit_.once
        return Reason.EXITED_AT_ONCE if at_once else Reason.COMPLETED
    return Reason.KILLED if exit_.signal else Reason.EXITED


@functools.lru_cache(maxsize=1024)
def sentence(exit_: Exit, *, own: bool = True) -> str:
    """Return how a container ended, in a sentence, with the line of its log that says why.

    ``own`` is whether it is the process itself, and not another container, which podTemplate declares.
    """
    match reason(exit_):
        case Reason.OUT_OF_MEMORY:
            text = _out_of_memory(exit_.memory_limit) + ("" if own else " of it in podTemplate")
        case Reason.LOST:
            text = "was lost with its node, so its exit code isn't known"
        case Reason.BAD_COMMAND | Reason.START_ERROR:
            hardly = _hardly_started(exit_)
            text = not_started(log_excerpt.message_line(exit_.message) if hardly else exit_.message)
        case Reason.EXITED_AT_ONCE:
            text = f"exited with code 0 right after its start: {keep_running(exit_, own=own)}"
        case Reason.COMPLETED:
            text = "exited with code 0" + ("" if exit_.once else f": {keep_running(exit_, own=own)}")
        case Reason.KILLED:
            text = _signalled(exit_) + _log_line(exit_)
        case _:
            explained = SHELL_CODES.get(exit_.code)
            text = f"exited with code {exit_.code}" + (f" ({explained})" if explained else "")
            text += _log_line(exit_)
    return text


def _out_of_memory(limit: str) -> str:
    if limit:
        return f"needed more memory than its limit ({limit}) and was killed: raise resources.limits.memory"
    way_out = "set resources.requests.memory and resources.limits.memory"
    return f"was killed because its node, or its Pod as a whole, ran out of memory: {way_out}"


def keep_running(exit_: Exit, *, own: bool = True) -> str:
    """Return what to do about a process that ended without an error."""
    fix = WAY_OUT(exit_.command)
    way_out = f" ({fix})" if fix else ""
    what, other = PROCESS if own else HELPER
    return (
        f"{what} has to keep running. If it goes into the background, run it in the foreground{way_out}; "
        f"if its work was done, {other}"
    )


def not_started(message: str) -> str:
    """Return why a program couldn't be started, from the container runtime's message."""
    line = lenient.in_one_line(message)
    if NO_COMMAND in line:
        return "couldn't be started: neither it nor its image names a command: set command"
    match = NOT_STARTED.search(line)
    if match is None:
        return f"couldn't be started: {without_preamble(line)}"
    program = match["path"] or match["program"] or '""'
    why = (match["why"] or match["error"]).strip()
    way_out = ONE_WORD_EACH if " " in program else OF_A_FILE.get((match["error"] or "").strip(), CHECK)
    return f"couldn't be started: {program}: {why}: {way_out}"


def without_preamble(message: str) -> str:
    """Return the cause in a container runtime's message, without the calls around it."""
    return PREAMBLE.sub("", message).removesuffix(": unknown")


def why_not_started(message: str) -> Reason:
    """Return why a program couldn't be started: a bad command or image is lasting, anything else may pass."""
    bad = NO_COMMAND in message or NOT_STARTED.search(message)
    return Reason.BAD_COMMAND if bad else Reason.START_ERROR


def record(exit_: Exit) -> dict[str, Any]:
    """Return what the status keeps of how a container ended."""
    return {
        "exitCode": exit_.code,
        **({"signal": exit_.signal} if exit_.signal else {}),
        "reason": reason(exit_),
        "message": sentence(exit_),
        "finishedAt": exit_.finished_at,
    }


def ended_at(pod: Pod, name: str) -> str | None:
    """Return when a Pod's container ended, or the Pod as a whole; nothing if neither has."""
    last, end = _last(pod, name), _end(pod)
    own = last.finished_at if last else None
    return end.time or own or "" if end else own


def record_of(pod: Pod, name: str) -> dict[str, Any] | None:
    """Return what the status keeps of how a Pod's container ended, or the Pod as a whole."""
    last = _last(pod, name)
    own = record(last) if last else {}
    end = _end(pod)
    if end is None:
        return own or None
    time = end.time or own.get("finishedAt", "")
    return {**own, "reason": end.reason, "message": by_its_node(end), "finishedAt": time}


def _last(pod: Pod, name: str) -> Exit | None:
    return next((item.exit for item in pod.containers if item.name == name), None)


def _end(pod: Pod) -> lenient.Condition | None:
    """Return how a Pod ended, if its node ended or lost its process."""
    return None if pod.failed_by_itself or pod.refused else pod.failure


def by_its_node(end: lenient.Condition) -> str:
    """Return the sentence for a Pod that failed as a whole."""
    why = end.message.removeprefix(REJECTED)
    what = "was ended by its node" if why == end.message else "was refused by its node"
    return f"{what}: {end.reason}: {why}".rstrip(": ")


def hook_failed(message: str = "") -> str:
    """Return how a container ended whose postStart hook failed."""
    return f"was killed because its postStart hook failed: {message}".rstrip(": ")


def _hardly_started(exit_: Exit) -> bool:
    """Return whether exec failed after the container counted as started."""
    is_early = exit_.code in (1, 255) and exit_.seconds < STARTUP_SECONDS
    return is_early and HARDLY_STARTED.fullmatch(log_excerpt.message_line(exit_.message)) is not None


def _signalled(exit_: Exit) -> str:
    number = exit_.signal or 0
    name = signal.Signals(number).name if number in {*signal.Signals} else "unknown"
    explained = SIGNALS.get(number)
    return f"was ended by signal {number} ({name})" + (f": {explained}" if explained else "")


def _log_line(exit_: Exit) -> str:
    line = log_excerpt.message_line(exit_.message)
    return f": {line}" if line else ""
