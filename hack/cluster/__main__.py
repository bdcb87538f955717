"""The commands: ``python -m hack.cluster up | down | build``."""

import argparse
import subprocess
import sys

from hack.cluster import build, lifecycle
from hack.cluster.errors import ClusterError


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="hack.cluster", description=sys.modules["hack.cluster"].__doc__)
    parser.add_argument("command", choices=["up", "down", "build"])
    parser.add_argument("--node", choices=lifecycle.NODES, help="what kind of node (default: KUBE_NODE)")
    parser.add_argument("--without-controllers", action="store_true", help="etcd and API server alone")
    chosen = parser.parse_args()
    if chosen.command == "up":
        up(chosen.node, controllers=not chosen.without_controllers)
    elif chosen.command == "down":
        lifecycle.down()
    else:
        build.ensure((*build.CONTROL, *build.REAL_NODE, *build.SIMULATED_NODE, build.METRICS))


def up(node: str | None, *, controllers: bool) -> None:
    """Bring the cluster up and say how to use it."""
    running = lifecycle.up(node, controllers=controllers)
    print(f"export KUBECONFIG={running.kubeconfig} PATH={running.kubectl.parent}:$PATH")


if __name__ == "__main__":
    try:
        main()
    except (ClusterError, FileNotFoundError) as error:
        sys.exit(f"cluster: {error}")
    except KeyboardInterrupt:
        sys.exit("cluster: interrupted, and cleaned up")
    except subprocess.CalledProcessError as error:
        sys.exit(f"cluster: `{error.cmd[0]}` has failed: {error}")
