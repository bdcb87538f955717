"""Lead a port of this machine to a process."""

import click

from formation_cli import options
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.commands.enter import running
from formation_cli.failures import Mistyped
from formation_cli.words.ports import Port
from formation_operator.kube.objects import lenient


@click.command(
    "port-forward",
    cls=options.Command,
    examples=("port-forward shop", "port-forward shop 9000", "port-forward shop -t admin 9000"),
)
@options.formation()
@click.argument("local", type=Port(0, 65535), required=False, metavar="[LOCAL_PORT]")
@options.process_type("Of this type; web, or the only one.", "-t")
@click.option("--address", help="Where to listen, in place of localhost.")
@options.pass_cluster
def command(
    cluster: Cluster, name: str, local: int | None, process_type: str | None, address: str | None
) -> None:
    """Lead a port of this machine to the port of a process, by `kubectl port-forward`, until Ctrl-C.

    The local port is the same as the type's, unless you name another one; 0 takes any that is free.
    """
    formation = formations.find(cluster, name)
    wanted = formations.default_type(formation, process_type)
    port = lenient.number(lenient.mapping(formation, "spec", "processes", wanted), "port")
    if not port:
        raise Mistyped(f"{wanted} has no port.", hint=f"spec.processes.{wanted}.port says where it listens.")
    where = [f"--address={address}"] if address else []
    ports = f"{port if local is None else local or ''}:{port}"
    pod = running.find(cluster, formation, wanted)
    kubectl.become(cluster, "port-forward", *where, f"pod/{pod['metadata']['name']}", ports)
