"""Which cluster, as whom, and which namespace: kubectl's own options, by the same names."""

import dataclasses
import urllib.parse
from collections.abc import Mapping

IN_A_HEADER = "!#$&'*+-.^_`|~"
"""What the name of a header may have beside letters and digits, but for ``%``: it begins an escape.

Source: ``headerKeyEscape`` in k8s.io/client-go/transport/round_trippers.go.
"""


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
    as_user_extra: tuple[str, ...] = ()
    """Each as ``key=value``."""
    extras: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """The same of the kubeconfig, where kubectl finds it: not all versions have an option for it."""
    certificate_authority: str | None = None
    insecure_skip_tls_verify: bool | None = None
    tls_server_name: str | None = None
    request_timeout: str | None = None

    def flags(self) -> list[str]:
        """Return the same for kubectl, as words of its command line."""
        words = []
        for field in dataclasses.fields(self):
            if field.name == "extras":
                continue
            name = "as" if field.name == "as_user" else field.name.replace("_", "-")
            value = getattr(self, field.name)
            if value is True:
                words.append(f"--{name}")
            elif value:
                words += [f"--{name}={each}" for each in (value if isinstance(value, tuple) else (value,))]
        return words

    def impersonation(self) -> list[tuple[str, str]]:
        """Return the headers by which the API server takes us for somebody else, in bytes as characters."""
        typed: dict[str, tuple[str, ...]] = {}
        for each in self.as_user_extra:
            key, _, value = each.partition("=")
            typed[key] = (*typed.get(key, ()), value)
        pairs = [
            ("User", self.as_user),
            *(("Group", each) for each in self.as_group),
            ("Uid", self.as_uid),
            *(
                (f"Extra-{urllib.parse.quote(key, IN_A_HEADER)}", each)
                for key, values in {**self.extras, **typed}.items()
                for each in values
            ),
        ]
        return [(f"Impersonate-{name}", value.encode().decode("latin-1")) for name, value in pairs if value]
