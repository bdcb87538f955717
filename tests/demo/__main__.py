"""Run the demo; the exit code tells whether every step was as it should be."""

import os
import subprocess
import sys

from tests.cluster import ClusterError, progress
from tests.demo import current_cluster, own_cluster, story
from tests.demo.place import Place
from tests.demo.stage import WrongError


def main() -> None:
    """Choose the place, tell the story and say how to go on."""
    place = enter()
    try:
        story.tell(place)
    finally:
        place.leave()
    progress.step("done: every step was as it should be")
    print(f"\n{place.farewell()}\n", flush=True)


def enter() -> Place:
    """Return our own cluster, or the user's where that was asked for in so many words."""
    chosen = os.environ.get("CLUSTER", "")
    if chosen == "current":
        return current_cluster.enter()
    if chosen:
        raise ClusterError(f"CLUSTER is `current` or isn't set, not {chosen!r}")
    return own_cluster.enter()


if __name__ == "__main__":
    try:
        main()
    except WrongError as error:
        sys.exit(f"demo: this step went wrong: {error}")
    except (ClusterError, FileNotFoundError) as error:
        sys.exit(f"demo: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: `{' '.join(map(str, error.cmd))}` has failed")
    except KeyboardInterrupt:
        sys.exit("demo: interrupted; `make down` ends what runs")
