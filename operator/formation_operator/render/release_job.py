"""The Job that runs a release command."""

from formation_operator.api import naming
from formation_operator.api.commands import DEADLINE, Release
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube.objects import kinds
from formation_operator.render import intents, job_template
from formation_operator.render.pod_template import InvalidTypeError, Manifest

FIRST_TRIES = 3
"""How often the release of a first deploy may run: its database may be up later than the command."""


def with_first_tries(content: FormationSpec) -> FormationSpec:
    """Return the content of a first deploy, whose release is tried again unless it says how often itself."""
    release = content.release
    if release is None or release.backoff_limit is not None:
        return content
    more = release.model_copy(update={"backoff_limit": FIRST_TRIES - 1})
    return content.model_copy(update={"release": more})


def job(owner: Metadata, content: FormationSpec, digest: str, key: str) -> Manifest:
    """Return the Job that releases a content with a release command, given its digest and its release key.

    Raises `InvalidTypeError` where it can't be rendered.
    """
    release = content.release or Release()
    label = {naming.RELEASE_LABEL: digest}
    if not content.image:
        raise InvalidTypeError("the command runs with the app's image, and there is none: set spec.image")
    metadata = intents.object_meta(owner, content, naming.RELEASE, {naming.RELEASE_KEY_ANNOTATION: key})
    return {
        "apiVersion": kinds.BY_NAME[kinds.JOB].api_version,
        "kind": kinds.JOB,
        "metadata": {
            **job_template.labelled(metadata, label),
            "name": naming.release_job(owner.name, digest),
        },
        "spec": {
            **job_template.job_spec(owner.name, naming.RELEASE, content, release, label),
            "activeDeadlineSeconds": release.active_deadline_seconds or DEADLINE,
        },
    }
