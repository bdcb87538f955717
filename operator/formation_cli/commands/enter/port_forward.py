"""Forward a port of this machine to a process."""

import click

from formation_cli import options
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.commands.enter import running
from formation_cli.failures import Mistyped
from formation_cli.views import processes
from formation_cli.words.ports import PAIR, Pair
from formation_operator.kube.objects import lenient


@click.command("port-forward", cls=options.Command)
@options.formation()
@click.argument("ports", type=PAIR, required=False, metavar="[LOCAL][:REMOTE]")
@options.process_type("The process type; web, or the only one.")
@options.process()
@click.option("--address", help="The address to listen on, instead of localhost.")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    ports: Pair | None,
    process_type: str | None,
    process: str | None,
    address: str | None,
) -> None:
    """Forward a port of this machine to a process, with `kubectl port-forward`, until Ctrl-C.

    Both ports are that of the type, unless you name others; the local port 0 means any free port.

    Examples:
      port-forward shop
      port-forward shop 9000
      port-forward shop 9000:8081   # another port than that of the type
      port-forward shop --type admin 9000
    """
    formation = formations.find(cluster, name)
    pod = running.chosen(cluster, formation, process_type, process)
    type_ = processes.process_type(pod)
    local, remote = ports or Pair(None, None)
    port = remote or lenient.number(lenient.mapping(formation, "spec", "processes", type_), "port")
    if not port:
        raise Mistyped(f"{type_} has no port.", hint="Name one, such as 8080:8080.")
    running.check_access(cluster, pod["metadata"]["name"], "portforward")
    where = [f"--address={address}"] if address else []
    pair = f"{port if local is None else local or ''}:{port}"
    kubectl.become(cluster, "port-forward", *where, f"pod/{pod['metadata']['name']}", pair)
