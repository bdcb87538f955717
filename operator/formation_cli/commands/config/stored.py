"""The secret variables that a Formation has, read with the user's own rights."""

from formation_cli.changes import config_secrets
from formation_cli.changes.config import Stored
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import NoAccess

WAY_OUT = (
    "`config` copies the variables of the old Secret, so it must read that one, which the role `edit` "
    "allows.\n"
    "Or put your variables into your own Secret, and name it in spec.envFrom."
)


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
