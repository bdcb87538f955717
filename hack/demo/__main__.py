"""Run the demo; the exit code tells whether every step was as it should be."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import types

from hack.cluster import ClusterError, progress
from hack.demo import current_cluster, own_cluster, report, story
from hack.demo.current_cluster import CurrentCluster
from hack.demo.diary import Diary, Entry
from hack.demo.own_cluster import OwnCluster
from hack.demo.stage import WrongError
from hack.images import busybox

EXPECTED = (ClusterError, FileNotFoundError, KeyboardInterrupt, WrongError, subprocess.CalledProcessError)


def main() -> str:
    """Choose the place and tell the story; return what went wrong, and is left where it shouldn't be."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        place = enter()
    except EXPECTED as error:
        return said(error)
    if isinstance(place, OwnCluster):
        return perform(place, Diary())
    return reported(place)


def perform(place: story.Place, diary: Diary) -> str:
    """Tell the story and leave; return what went wrong, and is left where it shouldn't be."""
    wrong = left = ""
    try:
        story.tell(place, diary)
        progress.step("done: every step was as it should be")
        place.rest()
    except EXPECTED as error:
        wrong = said(error)
        progress.step(wrong)  # at once: to leave may take a while
    finally:
        began = time.monotonic()
        left = place.leave()
        diary.entries.append(Entry("the demo has left", time.monotonic() - began, not left))
    return "\n".join(filter(None, [left, wrong]))


def reported(place: CurrentCluster) -> str:
    """Tell the story on a cluster that isn't ours, and print a report of it."""
    diary, facts, private = Diary(), {"the cluster": "doesn't say what it is"}, set[str]()
    with contextlib.suppress(WrongError):
        private = report.names(place.stage)
        facts = report.facts(place.stage)
    if place.image != busybox.IMAGE.name:
        private.add(place.image)
    wrong = perform(place, diary)
    command = f"make demo CLUSTER={os.environ['CLUSTER']}"
    text = report.written(command, facts, diary.entries, wrong, {*private, str(pathlib.Path.home())})
    print(f"\n{report.HEADING}\n\n{text}\n", flush=True)
    return wrong


def interrupt(number: int, frame: types.FrameType | None) -> None:
    """Treat a request to end, and a terminal that is closed, as Ctrl-C."""
    if number == signal.SIGHUP:  # what is printed to such a terminal would be an error
        sys.stdout = sys.stderr = pathlib.Path(os.devnull).open("w")  # noqa: SIM115  # until the end
    raise KeyboardInterrupt


def said(error: BaseException) -> str:
    """Return an error as a sentence."""
    match error:
        case KeyboardInterrupt():
            return "interrupted"
        case WrongError():
            return f"this step went wrong: {error}"
        case subprocess.CalledProcessError():
            return f"`{' '.join(map(str, error.cmd))}` has failed"
    return str(error)


def enter() -> story.Place:
    """Return our own cluster, or the user's where that was asked for in so many words."""
    chosen = os.environ.get("CLUSTER", "")
    match chosen:
        case "current" | "installed":
            return current_cluster.enter(chosen)
        case "":
            return own_cluster.enter()
    raise ClusterError(f"CLUSTER is `current`, `installed` or isn't set, not {chosen!r}")


if __name__ == "__main__":
    if wrong := main():
        sys.exit(f"demo: {wrong}")
