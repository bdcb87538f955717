"""Run a command in a running process."""

import sys

import click

from formation_cli import options
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.commands.enter import running
from formation_cli.views import processes


@click.command("exec", cls=options.Starter)
@options.formation()
@options.process_type("The process type; web, or the only one.")
@options.process()
@click.option("-i", "--stdin", is_flag=True, help="Send it your input; always on at a terminal.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal; always on at a terminal.")
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
    """Run a command in a running process, with `kubectl exec`; at a terminal it is interactive.

    It ends with the exit code of the command. To run it in a new process, see `run`.

    Examples:
      exec shop -- /bin/sh   # in a process of web
      exec shop --type worker -- env
      exec shop --process worker.x7k2p -- /bin/sh
    """
    pod = running.chosen(cluster, formations.find(cluster, name), process_type, process)
    running.check_access(cluster, pod["metadata"]["name"], "exec")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = {"--stdin": stdin or terminal, "--tty": tty or terminal}
    flags = [flag for flag, on in wanted.items() if on]
    container = f"--container={processes.container(pod)}"
    kubectl.become(cluster, "exec", *flags, pod["metadata"]["name"], container, "--", *words)
