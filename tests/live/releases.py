"""The releases of a Formation as its user sees them, and kubelet's part where no node runs their Pods."""

import datetime
import json
import threading
from typing import Any

from formation_operator.api.content import content_of, digest_of
from tests.live.client import Client, eventually
from tests.live.server import MERGE_PATCH
from tests.shared.builders import Manifest

RELEASE = {"command": ["/shop", "migrate"]}
LABEL = "formations.dev/release"
ENDED = ("Succeeded", "Failed")


def digest(user: Client, **changes: Any) -> str:
    """Return the digest of the content that shop has, or would have with other fields of its spec."""
    return digest_of(content_of({**user.get("formation", "shop")["spec"], **changes}))


def status(user: Client) -> Manifest:
    """Return what the status says of the release; nothing if it says nothing."""
    found: Manifest = user.get("formation", "shop").get("status", {}).get("release") or {}
    return found


def state(user: Client, wanted: str) -> Manifest:
    """Wait until the release of the latest spec is in a state, and return what the status says of it."""

    def reached() -> Manifest | None:
        user.reported()
        return status(user) if status(user).get("state") == wanted else None

    return eventually(reached)


def jobs(user: Client) -> dict[str, Manifest]:
    """Return the Jobs of releases by name."""
    return {
        job["metadata"]["name"]: job for job in user.list_all("job") if LABEL in job["metadata"]["labels"]
    }


def uids(user: Client, *kinds: str) -> dict[str, str]:
    """Return the uid of each object of some kinds that is a Formation's."""
    return {
        f"{kind}/{item['metadata']['name']}": item["metadata"]["uid"]
        for kind in kinds
        for item in user.list_all(kind)
        if "formations.dev/formation" in (item["metadata"].get("labels") or {})
    }


def images(user: Client) -> dict[str, str]:
    """Return the image of each Deployment."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"]
        for each in user.list_all("deployment")
    }


def pods(user: Client, name: str = "") -> list[Manifest]:
    """Return the Pods of releases, or of one, that are there and haven't ended."""
    found = user.server.list_all("pod", user.namespace, labelSelector=f"{LABEL}={name}" if name else LABEL)
    return [pod for pod in found if pod["status"].get("phase") not in ENDED]


def run(user: Client, name: str = "") -> Manifest:
    """Say in kubelet's place that the one release that waits has started; return its Pod."""
    (pod,) = eventually(lambda: pods(user, name))
    return _said(user, pod, "Running", {"running": {"startedAt": _now()}})


def end(user: Client, code: int = 0, message: str = "", name: str = "") -> None:
    """Say in kubelet's place that the one release has ended; its Job's controller does the rest."""
    (pod,) = eventually(lambda: pods(user, name))
    ended(user, pod, code, message)


def ended(user: Client, pod: Manifest, code: int, message: str = "") -> None:
    """Say in kubelet's place that a Pod's process has ended."""
    exit_ = {"exitCode": code, "startedAt": _now(), "finishedAt": _now(), "message": message}
    reason = "Error" if code else "Completed"
    _said(user, pod, "Failed" if code else "Succeeded", {"terminated": {**exit_, "reason": reason}})


def succeeded(user: Client) -> Manifest:
    """Say in kubelet's place that the present content's release has succeeded; return what is reported."""
    end(user, name=digest(user))
    return state(user, "Succeeded")


def _said(user: Client, pod: Manifest, phase: str, said: Manifest) -> Manifest:
    (container, *_) = pod["spec"]["containers"]
    about = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
    statuses = [{**about, "ready": phase == "Running", "state": said}]
    path = user.server.path("pod", user.namespace, pod["metadata"]["name"]) + "/status"
    patch = {"status": {"phase": phase, "containerStatuses": statuses}}
    answer = user.server.request("PATCH", path, patch, {"Content-Type": MERGE_PATCH})
    return dict(json.loads(answer))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Alive:
    """Follows the Pods of releases from now on: how many there were at once that hadn't ended."""

    def __init__(self, user: Client) -> None:
        """Begin to follow."""
        self.most = 0
        self.seen: set[str] = set()
        self._alive: set[str] = set()
        self._follower = threading.Thread(target=self._follow, args=(user,), daemon=True)
        self._follower.start()

    def _follow(self, user: Client) -> None:
        for event, pod in user.server.follow("pod", user.namespace, labelSelector=LABEL):
            uid = pod["metadata"]["uid"]
            self.seen.add(uid)
            gone = event == "DELETED" or pod["status"].get("phase") in ENDED
            (self._alive.discard if gone else self._alive.add)(uid)
            self.most = max(self.most, len(self._alive))
