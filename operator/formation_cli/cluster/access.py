"""How to reach a cluster, as whom, and where."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from formation_cli.cluster.port import Target


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """An API server, and by what both sides know each other; certificates and keys are texts (PEM)."""

    host: str
    authorization: Callable[[], str] = str
    """Returns the header by which it knows us; it logs in anew where that is due."""
    authority: str = ""
    """The certificates of who may vouch for it; empty for those of this machine."""
    certificate: str = ""
    """Ours, with its key behind it."""
    is_verified: bool = True
    """Whether its certificate is looked at."""
    tls_name: str = ""
    """Its name in its certificate, if that isn't its host."""
    proxy: str = ""


class Access(NamedTuple):
    """How to reach a cluster, as whom, and where."""

    target: Target
    """With the context that was the current one."""
    server: Server
    namespace: str
    headers: tuple[tuple[str, str], ...] = ()
    """By which the API server takes us for somebody else, in bytes as characters."""
