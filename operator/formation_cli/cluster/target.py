"""Which cluster, as whom, and which namespace: kubectl's own options, by the same names."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """What the command line says; nothing means what the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    as_user: str | None = None

    def flags(self) -> list[str]:
        """Return the same for kubectl, but for the namespace, as words of its command line."""
        given = {"kubeconfig": self.kubeconfig, "context": self.context, "as": self.as_user}
        return [f"--{name}={value}" for name, value in given.items() if value]
