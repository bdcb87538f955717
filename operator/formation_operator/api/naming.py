"""The names that the operator gives and that never change, in one place.

Whatever is written to a cluster under these names must stay readable by every later version:
a Deployment's selector can't be changed, and a field manager that is renamed leaves its old
fields behind for ever.  Nothing here may change without a migration.
"""

import hashlib

GROUP = "formations.dev"
VERSION = "v1"
KIND = "Formation"
PLURAL = "formations"
API_VERSION = f"{GROUP}/{VERSION}"

# Flux strips what managers named `kubectl...` set, so no manager of ours begins with that.
FIELD_MANAGER = "formation-operator"
COUNT_MANAGER = "formation-count"
REPORTING_CONTROLLER = f"{GROUP}/formation-operator"

# The selector of every Deployment and Service. Frozen: apps/v1 selectors are immutable.
FORMATION_LABEL = f"{GROUP}/formation"
PROCESS_TYPE_LABEL = f"{GROUP}/process-type"
# In the selectors of Deployments: it alone tells the Pods of a type's canary from the type's own.
TRACK_LABEL = f"{GROUP}/track"
STABLE = "stable"
CANARY = "canary"
"""The track of a canary's Pods; and how canaries are called in a summary, and at the end of their names."""

# Its value is the type's name, but a podTemplate may have another one.
COMPONENT_LABEL = "app.kubernetes.io/component"

INTENT_ANNOTATION = f"{GROUP}/intent"
COUNT_ANNOTATION = f"{GROUP}/count"
# On a Deployment, the number and the digest of the content that its template was last written from.
CONTENT_ANNOTATION = f"{GROUP}/content"
# The number of a revision, so that a list of nothing but metadata has it.
REVISION_ANNOTATION = f"{GROUP}/revision"
# On a revision: the types that have run well with its content, once it has.
RAN_WELL_ANNOTATION = f"{GROUP}/ran-well"
# On the revision of a content that canaries have to prove: how far they are.
TRIAL_ANNOTATION = f"{GROUP}/trial"
# On a revision: the last deploys of its content, as JSON.
DEPLOYS_ANNOTATION = f"{GROUP}/deploys"
# Kubernetes' own: on a Formation, why its content has changed.
NOTE_ANNOTATION = "kubernetes.io/change-cause"
# On a Formation: the user who changed its spec last, where the policy in manifests/policies writes that.
USER_ANNOTATION = f"{GROUP}/changed-by"

SCALED_TYPE = "web"
"""The type whose count the Formation's scale subresource is about."""

# On the CronJob of a schedule, its Jobs and their Pods: the name of the schedule.
SCHEDULE_LABEL = f"{GROUP}/schedule"

# On the Job of a release and its Pods: the digest of the content that is released.
RELEASE_LABEL = f"{GROUP}/release"
# On that Job: what names all that its Pod is given. Contents that give it the same have the same value.
RELEASE_KEY_ANNOTATION = f"{GROUP}/release-key"
# On that Job, once its content isn't declared any more: a content that is declared again is released anew.
RELEASE_LEFT_LABEL = f"{GROUP}/release-left"
RELEASE = "release"
"""What a release has for PROCESS_TYPE, and how its container is named; no process type has this name."""
DIGITS = 32
"""How many digits a digest has in a name, a label or an annotation: 128 bits, so no two texts share one."""
LONGEST_JOB = 57
"""Characters of a Job's name: a Pod's has a dash and five letters more, and is cut to 63."""
LONGEST_CRON_JOB = 52
"""Characters of a CronJob's name: its controller adds 11 for the name of a Job, which is a label of Pods."""

# In a podTemplate this name stands for the container that runs the process.
PROCESS_CONTAINER = "process"
PORT_NAME = "http"


def child(formation: str, process_type: str) -> str:
    """Return the name of a type's Deployment and Service, or of a schedule's CronJob."""
    return f"{formation}-{process_type}"


def canary(process_type: str) -> str:
    """Return what stands for a type in names where its canary is meant."""
    return f"{process_type}-{CANARY}"


def has_canary(child: str) -> str:
    """Return the name of the child whose canary has a name; nothing for a name that no canary has."""
    return child.removesuffix(f"-{CANARY}") if child.endswith(f"-{CANARY}") else ""


def on_track(process_type: str, track: str) -> str:
    """Return what stands in names for a type's processes on a track; of `CANARY` alone it isn't the type."""
    return canary(process_type) if track == CANARY else process_type


def type_of(formation: str, child: str) -> str:
    """Return the type or schedule whose child has a name; nothing for a name that no child has."""
    before, _, process_type = child.partition(f"{formation}-")
    return "" if before else process_type


def digest(text: str) -> str:
    """Return what stands for a text in a name, a label or an annotation."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def release_job(formation: str, content: str) -> str:
    """Return the name of the Job that releases a content of a digest, short enough for names of Pods."""
    name = f"{formation}-{RELEASE}-{content}"
    if len(name) <= LONGEST_JOB:
        return name
    end = f"-{RELEASE}-{digest(name)}"
    return formation[: LONGEST_JOB - len(end)] + end


def selector(formation: str, process_type: str, track: str = "") -> dict[str, str]:
    """Return the labels that select a type's Pods; without a track its canary's, too."""
    tracked = {TRACK_LABEL: track} if track else {}
    return {FORMATION_LABEL: formation, PROCESS_TYPE_LABEL: process_type, **tracked}


def selector_string(formation: str, process_type: str, track: str) -> str:
    """Return a selector in the form that `kubectl -l` and autoscalers take."""
    return ",".join(f"{key}={value}" for key, value in selector(formation, process_type, track).items())


def recommended(formation: str, process_type: str) -> dict[str, str]:
    """Return Kubernetes' recommended labels, all of them stable for the life of the type.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
    """
    return {
        "app.kubernetes.io/name": formation,
        "app.kubernetes.io/instance": formation,
        COMPONENT_LABEL: process_type,
        "app.kubernetes.io/managed-by": FIELD_MANAGER,
    }
