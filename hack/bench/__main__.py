"""The command: ``python -m hack.bench``, or ``make bench N=1000 ONLY=converge,scale AGAINST=raw,go``."""

import argparse
import dataclasses
import json
import pathlib
import signal
import sys
from collections.abc import Callable, Mapping

import uvloop

from hack import seen
from hack.bench import subjects, trial
from hack.bench.measures import MEASURES, Figures
from hack.bench.subjects import PEERS, Subject
from hack.bench.table import Rounds, table
from hack.bench.trial import Size
from hack.cluster import ClusterError, paths


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    own = argparse.ArgumentParser(prog="hack.bench", description=sys.modules["hack.bench"].__doc__)
    own.add_argument("-n", type=int, default=100, help="Formations (default: %(default)s)")
    own.add_argument("--only", type=words(MEASURES), default=[*MEASURES], help=f"of {', '.join(MEASURES)}")
    own.add_argument(
        "--against", type=words(PEERS), help=f"of {', '.join(PEERS)} (default: raw; go from 300 on)"
    )
    own.add_argument(
        "--operator",
        action="append",
        type=pathlib.Path,
        metavar="TREE",
        help="a checkout whose operator, CRD and RBAC are measured (default: this); several are compared",
    )
    own.add_argument("--rounds", type=int, default=1, help="how often all take turns (default: %(default)s)")
    own.add_argument("--scales", type=int, default=100, help="changes that are timed (default: %(default)s)")
    own.add_argument(
        "--burst", type=int, help="Formations of the burst (default: as many again, at most 8000)"
    )
    own.add_argument("--changes", type=int, default=0, help="changes over which memory is looked at")
    own.add_argument(
        "--json",
        type=pathlib.Path,
        help="file for the figures (default: in the cache, or with SEEN=1 the page's)",
    )
    return own


def words(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    """Return what reads a list of words that are known."""

    def read(text: str) -> list[str]:
        chosen = [word for word in text.split(",") if word]
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
        return chosen

    return read


def chosen_subjects(trees: list[pathlib.Path] | None, against: list[str]) -> list[Subject]:
    """Return who is measured; the first is whom the others are compared with."""
    found = [tree.resolve() for tree in trees or [paths.ROOT]]
    names = ["operator"] if len(found) == 1 else [tree.name for tree in found]
    operators = [subjects.operator(tree, name) for tree, name in zip(found, names, strict=True)]
    return [*operators, *(PEERS[peer](found[0]) for peer in against)]


async def measured(subject: Subject, size: Size, only: list[str]) -> Figures:
    """Return the figures of a subject."""
    figures: Figures = {}
    async with trial.of(subject, size) as prepared:
        for name, measure in MEASURES.items():
            if name in ("converge", *only):  # all others need what it has made
                print(f"== {subject.name}: {name}", flush=True)
                figures |= await measure(prepared)
    return figures


def main() -> None:
    """Measure, show the table and write the figures."""
    chosen = parser().parse_args()
    # What asks us to end gets the same end as Ctrl-C, which leaves no cluster behind.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    size = size_of(chosen)
    against = ["raw"] if chosen.n < 300 else ["raw", "go"]
    everybody = chosen_subjects(chosen.operator, against if chosen.against is None else chosen.against)
    rounds: Rounds = {subject.name: [] for subject in everybody}
    folder = subjects.HERE / "seen" if seen.WANTED else paths.cache() / "bench"
    target = chosen.json or folder / f"{chosen.n}.json"
    for turn in range(chosen.rounds):
        for subject in everybody if turn % 2 == 0 else reversed(everybody):
            rounds[subject.name].append(uvloop.run(measured(subject, size, chosen.only)))
        write(target, rounds, size)
        done = f"{chosen.n} Formations, round {turn + 1} of {chosen.rounds}; {seen.machine()}; {target}"
        print(f"\n{table(rounds)}\n\n{done}", flush=True)


def size_of(chosen: argparse.Namespace) -> Size:
    """Return how much is done; what isn't chosen follows from the number of Formations."""
    return Size(
        chosen.n,
        scales=chosen.scales,
        burst=min(chosen.n, 8000) if chosen.burst is None else chosen.burst,
        changes=chosen.changes,
    )


def write(target: pathlib.Path, rounds: Rounds, size: Size) -> None:
    """Write the figures of all rounds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {**seen.stamp(), "size": dataclasses.asdict(size), "rounds": rounds}
    target.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (ClusterError, FileNotFoundError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted, and cleaned up")
