"""What must hold at every moment, whatever goes wrong: checked at every version of every child."""

import contextlib
import json
import threading
from collections.abc import Iterator

import urllib3

from tests.faults.apps import OURS, App, facts
from tests.live.client import Client
from tests.live.server import ServerError
from tests.shared.builders import Manifest

KINDS = ("deployment", "service")
PAUSE = 0.5


class Guard:
    """Watches the children of apps, past the fault proxy, and notes whatever nobody has asked for."""

    def __init__(self, user: Client, apps: dict[tuple[str, str], App]) -> None:
        """Take the apps by namespace and name; they may come and go."""
        self._user = user
        self._apps = apps
        self._templates: dict[tuple[str, str], str] = {}
        """By uid and image: no other template may come with the image."""
        self._images: dict[str, int] = {}
        """By uid: none may come back that was replaced."""
        self._over = threading.Event()
        self.seen = 0
        """How many versions were checked."""
        self.wrong: list[str] = []

    @contextlib.contextmanager
    def watching(self) -> Iterator["Guard"]:
        """Check everything that happens within."""
        threads = [threading.Thread(target=self._follow, args=(kind,), daemon=True) for kind in KINDS]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()

    def _follow(self, kind: str) -> None:
        """Look at every version; where a watch is lost, as while the API server is away, begin anew."""
        while not self._over.wait(PAUSE):
            try:
                for type_, child in self._user.server.follow(kind, labelSelector=OURS):
                    self._judge(kind, type_, child)
            except (ServerError, urllib3.exceptions.HTTPError, OSError, json.JSONDecodeError):
                continue
            except Exception as error:  # noqa: BLE001  # a guard that has gone would find nothing
                self.wrong.append(f"{kind}: {error!r}")

    def _judge(self, kind: str, type_: str, child: Manifest) -> None:
        self.seen += 1
        about = child["metadata"]
        name = about["name"]
        app = self._apps.get((about["namespace"], about["labels"][OURS]))
        if app is None or app.uid not in [each["uid"] for each in about.get("ownerReferences", [])]:
            return  # of a Formation that has gone: the garbage collector's
        said = {"DELETED": self._deleted, "ADDED": self._there, "MODIFIED": self._there}[type_](
            kind, app, child
        )
        self.wrong += [f"{kind} {about['namespace']}/{name} ({type_}): {text}" for text in said]

    def _deleted(self, kind: str, app: App, child: Manifest) -> list[str]:
        name = child["metadata"]["name"]
        asked = name in app.deleted or not all(name in names(kind, wanted) for wanted in app.asked)
        return [] if asked else ["deleted, though nobody asked for that"]

    def _there(self, kind: str, app: App, child: Manifest) -> list[str]:
        name = child["metadata"]["name"]
        if not any(name in names(kind, wanted) for wanted in app.asked):
            return ["nobody asked for it"]
        return self._deployment(app, child) if kind == "deployment" else []

    def _deployment(self, app: App, child: Manifest) -> list[str]:
        name, uid = child["metadata"]["name"], child["metadata"]["uid"]
        count, image = facts(child)
        wanted = [each[name] for each in app.asked if name in each]
        said = []
        if count not in [each for each, _ in wanted]:
            said.append(f"{count} replicas, where only {wanted} was asked for")
        if image not in [each for _, each in wanted]:
            said.append(f"image {image}, where only {wanted} was asked for")
        number = int(image.rpartition("v")[2])
        if number < self._images.get(uid, 0):
            said.append(f"image {image} after v{self._images[uid]}")
        self._images[uid] = max(number, self._images.get(uid, 0))
        template = json.dumps(child["spec"]["template"], sort_keys=True)
        if self._templates.setdefault((uid, image), template) != template:
            said.append(f"its Pods were restarted: {template} after {self._templates[uid, image]}")
        return said


def names(kind: str, wanted: dict[str, tuple[int, str]]) -> set[str]:
    """Return the names that children of a kind may have."""
    return {name for name in wanted if kind == "deployment" or name.endswith("-web")}
