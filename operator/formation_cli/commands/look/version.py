"""Show which versions work together here."""

import json

import click

from formation_cli import options
from formation_cli.cluster import kinds, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.failures import NoAccess
from formation_cli.terminal import formats, screen
from formation_operator import __version__
from formation_operator.kube.objects import lenient

LABEL = "app.kubernetes.io/name=formation-operator"
UNKNOWN = "unknown"
KEYS = {"kubectl": "clientVersion", "server": "serverVersion"}
"""Where `kubectl version` says which version a part has."""


@click.command("version", cls=options.Command)
@options.output("json", "yaml")
@click.pass_context
def command(ctx: click.Context, output: str | None) -> None:
    """Show the versions of the plugin, kubectl and the cluster, and the image of each operator there.

    To find the operator's image, `version` reads the operator's Deployment. This needs the right to list the
    Deployments of all namespaces.

    Examples:
      version
      version --context production
      version -o json
    """
    if not output:
        screen.write(f"plugin: {__version__}")  # also where there is no cluster
    cluster = options.cluster_of(ctx)
    found = lenient.mapping(json.loads(kubectl.run(cluster, "version", "--output=json").stdout or "{}"))
    versions = {
        name: lenient.text(lenient.mapping(found, key), "gitVersion") or UNKNOWN for name, key in KEYS.items()
    }
    versions["operator"] = _operator(cluster)
    if output:
        formats.write({"plugin": __version__, **versions}, output)
    else:
        screen.write("\n".join(map(": ".join, versions.items())))


def _operator(cluster: Cluster) -> str:
    """Return the images of the operators that one may see, and where each is."""
    try:
        found = cluster.in_all_namespaces().select(kinds.DEPLOYMENT, labels=LABEL).items
    except NoAccess as failure:
        return f"{UNKNOWN}: {failure.message}"
    return (
        ", ".join(
            f"{container['image']} in {each['metadata']['namespace']}"
            for each in found
            for container in each["spec"]["template"]["spec"]["containers"][:1]
        )
        or f"{UNKNOWN}: no Deployment has the label {LABEL}"
    )
