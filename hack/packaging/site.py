"""Where a release is published: the one address that files of a release may name.

The project owns no address, so it is given to `make release`; without it, no file names any.
"""

import dataclasses
import re

from hack.cluster.errors import ClusterError

ADDRESS = re.compile(r"https://[a-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)+")


@dataclasses.dataclass(frozen=True)
class Site:
    """A repository with GitHub's addresses, and the version that is published there."""

    repository: str
    version: str

    def __post_init__(self) -> None:
        """Raise ClusterError for what is no address of a repository."""
        if not ADDRESS.fullmatch(self.repository):
            raise ClusterError(
                f"REPOSITORY={self.repository} is no address: give one such as https://github.com/OWNER/NAME"
            )

    def page(self, path: str) -> str:
        """Return the address of a file of the sources."""
        return f"{self.repository}/blob/v{self.version}/{path}"

    def download(self, name: str) -> str:
        """Return the address of a file of the release."""
        return f"{self.repository}/releases/download/v{self.version}/{name}"
