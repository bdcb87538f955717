"""What a release's own Pod is given: contents that give it the same need no release of their own.

It is made from the parsed model, without what only decides how long and how often the command may run. So a
new version of the operator runs nothing again.
"""

from typing import Any

from formation_operator.api.content import digest_of
from formation_operator.api.formation import FormationSpec

GIVEN = ("image", "env", "env_from", "pod_template", "security_defaults")
"""The fields of a spec that reach the Pod of its release."""
PATIENCE = {"active_deadline_seconds", "backoff_limit"}
"""The fields of a release that only say how long and how often it may run."""


def release_key(spec: FormationSpec) -> str:
    """Return what names that which the release of a content is given."""
    release = (
        spec.release.model_dump(by_alias=True, exclude_none=True, exclude=PATIENCE) if spec.release else {}
    )
    return digest_of({**_shared(spec), "release": release})


def surroundings(spec: FormationSpec) -> str:
    """Return the same of a content without its release: whether it would be given the same as another."""
    return digest_of(_shared(spec))


def _shared(spec: FormationSpec) -> dict[str, Any]:
    return spec.model_dump(by_alias=True, exclude_none=True, include={*GIVEN})
