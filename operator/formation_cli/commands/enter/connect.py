"""Connect to a process that runs: a command in it, or a port of it."""

import sys
import time

import click

from formation_cli import options, rights
from formation_cli.cluster import formations, kinds, kubectl
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, Mistyped, NoAccess, again, did_you_mean
from formation_cli.rights import Right
from formation_cli.views import log_lines, pod_state, processes
from formation_cli.words.values import PAIR, Pair
from formation_operator.kube.objects import lenient


def pods(cluster: Cluster, name: str) -> dict[str, Object]:
    """Return the Pods of a Formation's processes, by name."""
    found = formations.pods(cluster, name)
    return {each["metadata"]["name"]: each for each in found if pod_state.is_of(each)}


def find(cluster: Cluster, formation: Object, process_type: str | None) -> Object:
    """Return the Pod of a process of a type: the oldest that is ready, or else one that runs at least.

    Raises `Failure` with the reason if none does.
    """
    wanted, name = formations.default_type(formation, process_type), formation["metadata"]["name"]
    there = pods(cluster, name)
    listed = [
        each for each in processes.processes(formation, there.values(), time.time()) if each.type == wanted
    ]
    found = [each for each in listed if each.process and pod_state.is_running(there[each.process])]
    if found:
        chosen = min(found, key=lambda each: (each.state == processes.STOPPING, not each.ready))
        return there[chosen.process]
    why = "; ".join(dict.fromkeys(each.message or each.state for each in listed))
    raise Failure(f"No process of {wanted} runs: {why}.", hint=again(f"ps {name}"))


def chosen(cluster: Cluster, formation: Object, process_type: str | None, process: str | None) -> Object:
    """Return the Pod of the process that is named, or else that of a type, as `find` does.

    Raises `Mistyped` for a process that there isn't, and for one of another type than the one that is named.
    """
    if process is None:
        return find(cluster, formation, process_type)
    name = formation["metadata"]["name"]
    there = pods(cluster, name)
    pod = next((each for each in there.values() if log_lines.is_named(each, process)), None)
    if pod is None:
        raise Mistyped(f"{name} has no process {process}.", hint=did_you_mean(process, there))
    own = pod_state.process_type(pod)
    if process_type not in (None, own):
        raise Mistyped(f"{process} is a process of {own}, not of {process_type}: leave out --type.")
    return pod


def check_access(cluster: Cluster, pod: str, subresource: str) -> None:
    """Raise `NoAccess` for anyone who may not connect to a Pod: kubectl would end with 1, as commands do.

    By websocket, which kubectl tries first, clusters before 1.35 ask for the right to ``get``.
    """
    either = [Right(verb, kinds.POD, pod, subresource) for verb in ("create", "get")]
    if rights.missing(cluster, either) != either:
        return
    sentence = f"You may not use pods/{subresource} in namespace {cluster.namespace}."
    raise NoAccess(sentence, hint=f"You need the verb create on pods/{subresource}, which the role edit has.")


@click.command("exec", cls=options.Starter)
@options.formation()
@options.process_type("The process type. The default is web, or the only type.")
@options.process()
@click.option("-i", "--stdin", is_flag=True, help="Send your input to the command. Always on at a terminal.")
@click.option("-t", "--tty", is_flag=True, help="Give the command a terminal. Always on at a terminal.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARG]...")
@options.pass_cluster
def execute(
    cluster: Cluster,
    name: str,
    process_type: str | None,
    process: str | None,
    words: tuple[str, ...],
    *,
    stdin: bool,
    tty: bool,
) -> None:
    """Run a command in a running process, as `kubectl exec` does.

    At a terminal, the command is interactive. `exec` exits with the command's exit code. To run a command in
    a new process, use `run`.

    Examples:
      exec shop -- /bin/sh   # in a process of web
      exec shop --type worker -- env
      exec shop --process worker.x7k2p -- /bin/sh
    """
    pod = chosen(cluster, formations.find(cluster, name), process_type, process)
    check_access(cluster, pod["metadata"]["name"], "exec")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = {"--stdin": stdin or terminal, "--tty": tty or terminal}
    flags = [flag for flag, on in wanted.items() if on]
    container = f"--container={pod_state.container(pod)}"
    kubectl.become(cluster, "exec", *flags, pod["metadata"]["name"], container, "--", *words)


@click.command("port-forward", cls=options.Command)
@options.formation()
@click.argument("ports", type=PAIR, required=False, metavar="[LOCAL][:REMOTE]")
@options.process_type("The process type. The default is web, or the only type.")
@options.process()
@click.option("--address", help="Listen on this address, not on localhost.")
@options.pass_cluster
def forward(
    cluster: Cluster,
    name: str,
    ports: Pair | None,
    process_type: str | None,
    process: str | None,
    address: str | None,
) -> None:
    """Forward a port of this machine to a process until Ctrl-C, as `kubectl port-forward` does.

    Without REMOTE, the remote port is the port of the type. Without LOCAL, the local port is the same as the
    remote port. If LOCAL is 0, any free local port is used.

    Examples:
      port-forward shop
      port-forward shop 9000
      port-forward shop 9000:8081   # to port 8081 of the process
      port-forward shop --type admin 9000
    """
    formation = formations.find(cluster, name)
    pod = chosen(cluster, formation, process_type, process)
    type_ = pod_state.declared_type(pod)
    local, remote = ports or Pair(None, None)
    port = remote or lenient.number(lenient.mapping(formation, "spec", "processes", type_), "port")
    if not port:
        raise Mistyped(f"{type_} has no port.", hint="Name one, such as 8080:8080.")
    check_access(cluster, pod["metadata"]["name"], "portforward")
    where = [f"--address={address}"] if address else []
    pair = f"{port if local is None else local or ''}:{port}"
    kubectl.become(cluster, "port-forward", *where, f"pod/{pod['metadata']['name']}", pair)
