"""How waits end, in place of a cluster in which something runs."""

from collections.abc import Callable
from typing import Any

from formation_cli.cluster.port import Object


class Waits:
    """How each wait ends, one after the other, in place of a cluster in which something runs."""

    def __init__(self) -> None:
        self.ends: list[BaseException | None] = []
        self.types: list[list[str]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while it waits."""

    def __call__(self, cluster: Any, formation: Object, timeout: float, types: Any = (), **_: Any) -> None:
        self.types.append([*types])
        self.meanwhile()
        if end := self.ends.pop(0):
            raise end
