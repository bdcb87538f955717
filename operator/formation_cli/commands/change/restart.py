"""Restart processes."""

import datetime
import time
from collections.abc import Iterable, Mapping, Sequence

import click

from formation_cli import options, rights
from formation_cli.changes import restarts
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import retries, waiting
from formation_cli.failures import NotFound
from formation_cli.options import How
from formation_cli.terminal import formats, screen
from formation_cli.words.sources import SOURCE, Source
from formation_operator.api import naming

Chosen = tuple[Object, list[str]]
"""A Formation, and those of its types that are to be restarted."""


@click.command("restart", cls=options.Command)
@options.formation(required=False)
@options.types("The same as TYPE. Can be repeated.")
@click.option(
    "--using",
    multiple=True,
    type=SOURCE,
    metavar="secret/NAME | configmap/NAME",
    help="Restart only types that use this Secret or ConfigMap. Can be repeated.",
)
@options.change(checks=False)
def command(
    cluster: Cluster, name: str | None, types: tuple[str, ...], using: tuple[Source, ...], how: How
) -> None:
    """Restart the processes of some types, or of all types, with a rolling update.

    `restart` does to the Deployments what `kubectl rollout restart` does. If a canary has failed,
    `restart` also deletes the Pods of all canaries, so that they are tried again, and --wait waits for them.

    Examples:
      restart shop
      restart shop worker clock
      restart shop web --wait
      restart --using secret/shop-database   # in all Formations of the namespace
    """
    if name is None and not using:
        raise click.UsageError("Which Formation? Name it, or use --using secret/NAME.")
    chosen = [*_chosen(cluster, name, types, using)]
    if how.waits:
        _check_rights(cluster, chosen)
    patch = restarts.patch(datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
    restarted: list[Object] = []
    retried: dict[str, frozenset[str]] = {}
    try:
        for formation, chosen_types in chosen:
            own = formation["metadata"]["name"]
            for each in chosen_types:
                deployment = naming.child(own, each)
                restarted.append(cluster.patch(kinds.DEPLOYMENT, deployment, patch, dry_run=how.dry_run))
                if not how.output:
                    screen.write(how.said(f"{each if name else f'{own} {each}'}: restarting"))
            if retries.has_failed(formation):
                retried[own] = retries.retry(cluster, formation, dry_run=how.dry_run)
                if retried[own] and not how.output:
                    screen.write(how.said(retries.SAID.format(own)))
    finally:  # show what was done, even if the next one fails
        if how.output:
            formats.write_objects(restarted, how.output)
    if how.waits:
        _wait(cluster, chosen, restarted, retried, how.timeout)


def _check_rights(cluster: Cluster, chosen: Iterable[Chosen]) -> None:
    for formation, types in chosen:
        own = formation["metadata"]["name"]
        deployments = [naming.child(own, each) for each in types]
        names = {rights.FORMATION: [own], rights.DEPLOYMENT: deployments}
        rights.check(cluster, "restart", {"wait": True}, names)


def _chosen(
    cluster: Cluster, name: str | None, types: Sequence[str], using: Sequence[Source]
) -> list[Chosen]:
    """Return what is to be restarted, by Formation; raises `NotFound` where nothing uses what was named."""
    if name is None:
        users = _using(cluster, using)
        chosen = [(formations.find(cluster, each), users[each]) for each in sorted(users)]
    else:
        formation = formations.find(cluster, name)
        wanted = formations.chosen(formation, types)
        if using:
            own = _using(cluster, using).get(name, [])
            wanted = [each for each in wanted if each in own]
        chosen = [(formation, wanted)] if wanted else []
    if using and not chosen:
        where = f"of {name}" if name else f"in namespace {cluster.namespace}"
        hint = "A process uses the objects that its env, its envFrom or a volume of podTemplate names."
        raise NotFound(f"No process {where} uses {' or '.join(map(str, using))}.", hint=hint)
    return chosen


def _using(cluster: Cluster, using: Iterable[Source]) -> dict[str, list[str]]:
    """Return the types that use one of these, by Formation, from what their Deployments run now."""
    found: dict[str, list[str]] = {}
    for deployment in cluster.select(kinds.DEPLOYMENT, labels=naming.FORMATION_LABEL).items:
        made_for = restarts.type_of(deployment)
        if made_for and restarts.uses(deployment, using):
            found.setdefault(made_for[0], []).append(made_for[1])
    return {formation: sorted(types) for formation, types in found.items()}


def _wait(
    cluster: Cluster,
    chosen: Iterable[Chosen],
    restarted: Iterable[Object],
    retried: Mapping[str, frozenset[str]],
    timeout: float,
) -> None:
    """Wait for one Formation after the other, for so many seconds of all together."""
    until = time.monotonic() + timeout
    for formation, types in chosen:
        names = {naming.child(formation["metadata"]["name"], each) for each in types}
        own = [deployment for deployment in restarted if deployment["metadata"]["name"] in names]
        left = max(0.0, until - time.monotonic())
        if pods := retried.get(formation["metadata"]["name"]):  # then all types are replaced, these too
            waiting.wait(cluster, formation, left, deployed=True, written=False, retried=pods)
        else:
            waiting.wait(cluster, formation, left, types, restarted=own)
