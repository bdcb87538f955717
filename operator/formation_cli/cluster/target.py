"""Which cluster, as whom, and which namespace: kubectl's own options, by the same names."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """What the command line says; nothing means what the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    server: str | None = None
    token: str | None = None
    as_user: str | None = None
    as_group: tuple[str, ...] = ()
    as_uid: str | None = None
    certificate_authority: str | None = None
    insecure_skip_tls_verify: bool | None = None
    tls_server_name: str | None = None
    request_timeout: str | None = None

    def flags(self) -> list[str]:
        """Return the same for kubectl, as words of its command line."""
        words = []
        for field in dataclasses.fields(self):
            name = "as" if field.name == "as_user" else field.name.replace("_", "-")
            value = getattr(self, field.name)
            if value is True:
                words.append(f"--{name}")
            elif value:
                words += [f"--{name}={each}" for each in (value if isinstance(value, tuple) else (value,))]
        return words

    def impersonation(self) -> list[tuple[str, str]]:
        """Return the headers by which the API server takes us for somebody else, in bytes as characters."""
        pairs = [
            ("User", self.as_user),
            *(("Group", each) for each in self.as_group),
            ("Uid", self.as_uid),
        ]
        return [(f"Impersonate-{name}", value.encode().decode("latin-1")) for name, value in pairs if value]
