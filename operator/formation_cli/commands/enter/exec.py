"""Run a command in a process that is there."""

import sys
import time

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.failures import Failure, Mistyped, did_you_mean
from formation_cli.views import processes
from formation_operator.api import naming


@click.command(
    "exec",
    cls=options.Command,
    examples=(
        "exec shop -- /bin/sh                       # in a process of web",
        "exec shop --type worker -- env",
        "exec shop -p shop-worker-7c9d8-x7k2p -- /bin/sh",
    ),
)
@options.formation()
@options.process_type("Of this type; web, or the only one.")
@click.option("-p", "--process", help="In this very process, as `ps` names it.")
@click.option("-i", "--stdin", is_flag=True, help="Give it what you type, as at a terminal anyway.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal, as at one anyway.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARG]...")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    process_type: str | None,
    process: str | None,
    words: tuple[str, ...],
    *,
    stdin: bool,
    tty: bool,
) -> None:
    """Run a command in a process that is there, by `kubectl exec`; at a terminal it is interactive.

    For a process of its own, see `run`.
    """
    pod, container = _find(cluster, name, process_type, process)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = {"--stdin": stdin or terminal, "--tty": tty or terminal}
    flags = [flag for flag, on in wanted.items() if on]
    kubectl.become(cluster, "exec", *flags, pod, f"--container={container}", "--", *words)


def _find(cluster: Cluster, name: str, process_type: str | None, process: str | None) -> tuple[str, str]:
    """Return a Pod that runs, the oldest that is ready first, and the container of its process."""
    formation = formations.find(cluster, name)
    found = cluster.select(kinds.POD, labels=f"{naming.FORMATION_LABEL}={name}").items
    pods = {each["metadata"]["name"]: each for each in found if processes.is_of(each)}
    if process is not None:
        if process not in pods:
            raise Mistyped(f"{name} has no process {process}.", hint=did_you_mean(process, pods))
        return process, processes.container(pods[process])
    wanted = formations.default_type(formation, process_type)
    listed = [
        each for each in processes.processes(formation, pods.values(), time.time()) if each.type == wanted
    ]
    for each in sorted(listed, key=lambda each: not each.ready):
        if each.process:
            return each.process, processes.container(pods[each.process])
    why = "; ".join(filter(None, (each.message or each.state for each in listed)))
    raise Failure(f"No process of {wanted} runs: {why}.", hint=f"kubectl formation ps {name}")
