"""Run a command in a process that is there."""

import sys

import click

from formation_cli import options
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands.enter import running
from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.views import processes


@click.command(
    "exec",
    cls=options.Starter,
    examples=(
        "exec shop -- /bin/sh   # in a process of web",
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
    formation = formations.find(cluster, name)
    pod = (
        running.find(cluster, formation, process_type) if process is None else _named(cluster, name, process)
    )
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = {"--stdin": stdin or terminal, "--tty": tty or terminal}
    flags = [flag for flag, on in wanted.items() if on]
    container = f"--container={processes.container(pod)}"
    kubectl.become(cluster, "exec", *flags, pod["metadata"]["name"], container, "--", *words)


def _named(cluster: Cluster, name: str, process: str) -> Object:
    """Return the Pod of a process that is named; raises `Mistyped` for one that there isn't."""
    pods = running.pods(cluster, name)
    if process not in pods:
        raise Mistyped(f"{name} has no process {process}.", hint=did_you_mean(process, pods))
    return pods[process]
