"""How the operator runs; some settings have a flag (`command_line`)."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    """All times are in seconds."""

    namespaces: tuple[str, ...] = ()
    """The namespaces to serve; none means all."""
    write_through: bool = True
    """Whether a scale request on a child is written to the Formation."""
    honour: tuple[str, ...] = ()
    """Further clients, by field manager, whose edits of a child's count are scale requests."""
    workers: int = 20
    """How many passes run at the same time, each of another Formation."""
    resync: float = 600.0
    """How often everything is listed and compared, in case a watch missed something."""
    start_retry: float = 2.0
    """The pause between two tries to list everything when the operator starts."""
    retry_first: float = 0.5
    retry_most: float = 300.0
    """The first and the longest pause before a pass that failed is tried again."""
    request_timeout: float = 30.0
    lease: tuple[str, str] | None = None
    """Namespace and name of the Lease, without which nothing is written; none for a single replica."""
    liveness: str | None = "http://:8080/healthz"
    metrics: tuple[str | None, int] | None = None
    """Host and port at which metrics are served; no host is every address of either family."""

    @property
    def scopes(self) -> tuple[str | None, ...]:
        """Each namespace that is listed and watched by itself; none is all of them at once."""
        return self.namespaces or (None,)
