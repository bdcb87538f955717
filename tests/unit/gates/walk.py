"""Walks of the machine by a seed: ``python -m tests.unit.gates.walk --minutes 60 --seed 1``."""

import argparse
import random
import time

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.gates.machine import Gates

STORIES, STEPS = 12, 30
"""In a walk by one seed, and in each story."""
GENERATE, SHRINK = hypothesis.Phase.generate, hypothesis.Phase.shrink


def walk(seed: int, *, shrinks: bool = True) -> None:
    """Play stories by a seed; raise what the ledger says of the first that breaks a promise.

    It is shrunk first, which takes minutes.
    """
    machine = hypothesis.seed(seed)(type("Gates", (Gates,), {}))
    chosen = hypothesis.settings(
        max_examples=STORIES,
        phases=[GENERATE, SHRINK] if shrinks else [GENERATE],
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        suppress_health_check=[*hypothesis.HealthCheck],
    )
    run_state_machine_as_test(machine, settings=chosen)


def main() -> None:
    """Walk for some minutes."""
    parser = argparse.ArgumentParser(prog="tests.unit.gates.walk", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    until, seed = time.monotonic() + 60 * chosen.minutes, chosen.seed
    while time.monotonic() < until:
        try:
            walk(seed)
        except BaseException:
            print(f"gates: a story by the seed {seed} breaks a promise: it follows", flush=True)
            raise
        seed += 1
    played = (seed - chosen.seed) * STORIES
    print(f"gates: none of {played} stories by the seeds from {chosen.seed} on breaks a promise", flush=True)


if __name__ == "__main__":
    main()
