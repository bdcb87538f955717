"""``make soak MINUTES=60 SEED=1``: on a control plane of its own, with the operator as it is shipped.

Beside that, the machine of `tests/unit/gates` walks as long, over the fakes.
"""

import argparse
import contextlib
import pathlib
import random
import subprocess
import sys
from collections.abc import Iterator

from hack import seen
from tests.faults.place import behind_a_proxy
from tests.live.client import Client
from tests.live.installation import on_a_cluster_of_its_own
from tests.live.namespaces import HELD, fresh_namespace
from tests.soak.soak import soaked

NAMESPACES = 3
SEEN = pathlib.Path(__file__).with_name("seen.json")
"""What the page says was seen: a run with `SEEN=1` writes it."""


@contextlib.contextmanager
def walking(minutes: float, seed: int) -> Iterator[None]:
    """Have the machine of the gates walk meanwhile; raise `CalledProcessError` if it finds anything."""
    given = ("--minutes", str(minutes), "--seed", str(seed))
    command = (sys.executable, "-m", "tests.unit.gates.walk", *given)
    with subprocess.Popen(command) as walk:
        try:
            yield
        except BaseException:
            walk.terminate()
            raise
        if code := walk.wait():
            raise subprocess.CalledProcessError(code, command)


def main() -> None:
    """Run, and print what was survived."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=sys.modules["tests.soak"].__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    print(f"soak: {chosen.minutes} minutes, seed {chosen.seed}", flush=True)
    with walking(chosen.minutes, chosen.seed), contextlib.ExitStack() as stack:
        operator = stack.enter_context(on_a_cluster_of_its_own())
        place = stack.enter_context(behind_a_proxy(operator.cluster, operator))
        fresh = (stack.enter_context(fresh_namespace(operator.cluster, HELD)) for _ in range(NAMESPACES))
        users = [Client(operator.cluster, name) for name in fresh]
        tally = soaked(place, users, chosen.seed, chosen.minutes * 60, long=True)
        print(tally, flush=True)
        seen.keep(SEEN, "soak", {"minutes": chosen.minutes, **tally.figures()})


if __name__ == "__main__":
    main()
