"""``make fuzz CASES=2000 SEED=1``: on a control plane of its own, with the operator as it is shipped.

First the property tests of `tests/unit` look for what is new, by the same seed; then hostile Formations are
sent to the API server. The same seed makes the same Formations. Of one that isn't survived well a smaller
one is looked for, and shown.
"""

import argparse
import contextlib
import random
import subprocess
import sys

from hypothesis import Phase

from tests.fuzz.run import fuzz
from tests.fuzz.trial import Trial
from tests.live.client import Client
from tests.live.installation import on_a_cluster_of_its_own
from tests.live.namespaces import HELD, fresh_namespace

CURIOUS = ("-m", "pytest", "-q", "-n", "auto", "-m", "hypothesis", "--hypothesis-profile=curious")


def main() -> int:
    """Run both, and print what was survived."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=sys.modules["tests.fuzz"].__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--against", choices=("both", "functions", "cluster"), default="both")
    chosen = parser.parse_args()
    print(f"fuzz: {chosen.cases} cases, seed {chosen.seed}", flush=True)
    if chosen.against != "cluster":
        command = (sys.executable, *CURIOUS, f"--hypothesis-seed={chosen.seed}", "tests/unit")
        if result := subprocess.run(command, check=False).returncode:
            return result
    if chosen.against != "functions":
        on_a_cluster(chosen.cases, chosen.seed)
    return 0


def on_a_cluster(cases: int, seed: int) -> None:
    """Start a cluster, send hostile Formations, and end it."""
    with contextlib.ExitStack() as stack:
        operator = stack.enter_context(on_a_cluster_of_its_own())
        operator.start()
        fresh = (stack.enter_context(fresh_namespace(operator.cluster, HELD)) for _ in range(2))
        attacker, neighbour = (Client(operator.cluster, name) for name in fresh)
        trial = Trial(attacker, neighbour, operator)
        try:
            fuzz(trial, cases, seed, (Phase.generate, Phase.shrink))
        finally:
            print(f"fuzz: {trial}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
