"""Run the demo; the exit code tells whether every step was as it should be."""

import os
import pathlib
import signal
import subprocess
import sys
import types

from tests.cluster import ClusterError, progress
from tests.demo import current_cluster, own_cluster, story
from tests.demo.place import Place
from tests.demo.stage import WrongError

EXPECTED = (ClusterError, FileNotFoundError, KeyboardInterrupt, WrongError, subprocess.CalledProcessError)


def main() -> str:
    """Choose the place and tell the story; return what went wrong, and is left where it shouldn't be."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    wrong = left = ""
    try:
        place = enter()
    except EXPECTED as error:
        return said(error)
    try:
        story.tell(place)
        progress.step("done: every step was as it should be")
        place.rest()
    except EXPECTED as error:
        wrong = said(error)
        progress.step(wrong)  # at once: to leave may take a while
    finally:
        left = place.leave()
    return "\n".join(filter(None, [left, wrong]))


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


def enter() -> Place:
    """Return our own cluster, or the user's where that was asked for in so many words."""
    chosen = os.environ.get("CLUSTER", "")
    if chosen == "current":
        return current_cluster.enter()
    if chosen:
        raise ClusterError(f"CLUSTER is `current` or isn't set, not {chosen!r}")
    return own_cluster.enter()


if __name__ == "__main__":
    if wrong := main():
        sys.exit(f"demo: {wrong}")
