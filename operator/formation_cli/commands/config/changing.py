"""Write a change of variables: the new Secret first, then the Formation that names it."""

import secrets
from collections.abc import Callable

import click

from formation_cli.changes import config, config_secrets, impact
from formation_cli.changes.config import Stored, Wanted
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, ConflictFailure, Object
from formation_cli.commands import writing
from formation_cli.commands.writing import Changed
from formation_cli.failures import Failure, NoAccess, again
from formation_cli.options import How

WAY_OUT = (
    "`config` copies the variables of the old Secret, so you need the right to read it: the role `edit` "
    "has that right.\n"
    "Or put your variables into your own Secret, and name it in spec.envFrom."
)
Read = Callable[[Cluster, Object], Stored]


class Made:
    """The Secret that was made for a Formation which doesn't name it yet."""

    def __init__(self, cluster: Cluster, *, dry_run: bool) -> None:
        """Begin with none."""
        self._cluster = cluster
        self._dry_run = dry_run
        self.name = ""

    def create(self, secret: Object) -> None:
        """Make it; raises `Failure` if that is refused."""
        self.name = "" if self._dry_run else secret["metadata"]["name"]
        try:
            self._cluster.create(secret, dry_run=self._dry_run)
        except Failure as failure:
            if failure.refused:
                self.name = ""
            raise

    def delete(self) -> None:
        """Take it back, if there is one."""
        if self.name:
            writing.take_back(self._cluster, kinds.SECRET, self.name)
            self.name = ""


def change(cluster: Cluster, name: str, wanted: Wanted, read: Read, how: How) -> Changed:
    """Write a change, again if somebody has just changed the Formation, and say what it does.

    A Secret that no Formation names then is deleted; it is named if nobody knows whether one does.
    """
    made = Made(cluster, dry_run=how.dry_run)

    def patch(found: Object) -> list[Object]:
        if made.name not in config_secrets.named(found):
            made.delete()  # somebody else was faster than the one before
        plan = config.plan(found, read(cluster, found), wanted, secrets.token_hex(5))
        if plan.secret is not None:
            made.create(plan.secret)
        return plan.operations

    try:
        changed = writing.change(cluster, name, patch, dry_run=how.dry_run)
    except BaseException as error:
        if isinstance(error, ConflictFailure) or (isinstance(error, Failure) and error.refused):
            made.delete()
        elif made.name:
            click.echo(
                f"Secret {made.name} was made, and the Formation may or may not name it. "
                f"If it doesn't: {again(f'config prune {name}')}",
                err=True,
            )
        raise
    writing.report(changed, how, *_lines(*changed, wanted))
    if changed.is_written:
        writing.advise(*impact.impact(*changed), *config.advice(changed.after, wanted))
    return changed


def _lines(before: Object, after: Object, wanted: Wanted) -> list[str]:
    """Return what became of each variable; no value is shown."""
    old, new = config.plain(before), config.plain(after)
    secret = ", ".join(sorted({*config_secrets.named(after)} - {*config_secrets.named(before)}))
    where = f"set in Secret {secret}" if secret else "as it was"
    return [
        *(f"{name}: {'as it was' if old.get(name) == new[name] else 'set'}" for name in wanted.plain),
        *(f"{name}: {where}" for name in wanted.secret),
        *(f"{name}: unset" for name in wanted.unset),
    ]


def read(cluster: Cluster, formation: Object) -> Stored:
    """Return the secret variables; raises `NoAccess` with the way out for anyone who may not read them.

    Nothing is asked for where envFrom names no Secret of ours.
    """
    data: dict[str, str] = {}
    names: list[str] = []
    for name in config_secrets.named(formation):
        secret = _get(cluster, name)
        if secret is None:
            names.append(name)
        elif config_secrets.is_ours(secret, formation):
            names.append(name)
            data |= secret.get("data") or {}
    return Stored(data, names)


def _get(cluster: Cluster, name: str) -> Object | None:
    try:
        return cluster.get(kinds.SECRET, name)
    except NoAccess as failure:
        raise NoAccess(failure.message, hint=f"{failure.hint}\n{WAY_OUT}".strip()) from failure


def read_if_possible(cluster: Cluster, formation: Object) -> Stored:
    """Return the secret variables, or nothing for anyone who may not read them."""
    try:
        return read(cluster, formation)
    except NoAccess:
        return Stored()
