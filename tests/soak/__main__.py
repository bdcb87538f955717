"""``make soak MINUTES=60 SEED=1``: on a control plane of its own, with the operator as it is shipped."""

import argparse
import contextlib
import random
import sys

from tests.client import Client
from tests.faults.place import behind_a_proxy
from tests.installation import on_a_cluster_of_its_own
from tests.namespaces import HELD, fresh_namespace
from tests.soak.soak import soaked

NAMESPACES = 3


def main() -> None:
    """Run, and print what was survived."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=sys.modules["tests.soak"].__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    print(f"soak: {chosen.minutes} minutes, seed {chosen.seed}", flush=True)
    with contextlib.ExitStack() as stack:
        operator = stack.enter_context(on_a_cluster_of_its_own())
        place = stack.enter_context(behind_a_proxy(operator.cluster, operator))
        fresh = (stack.enter_context(fresh_namespace(operator.cluster, HELD)) for _ in range(NAMESPACES))
        users = [Client(operator.cluster, name) for name in fresh]
        print(soaked(place, users, chosen.seed, chosen.minutes * 60, long=True), flush=True)


if __name__ == "__main__":
    main()
