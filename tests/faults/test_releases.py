"""A release still comes first if the operator is killed, or the API server restarted, in any of its steps."""

import pytest

from tests.faults.place import Place
from tests.live import releases
from tests.live.client import Client, eventually
from tests.live.history import History, stages
from tests.shared.builders import Manifest, a_formation, a_process

pytestmark = [pytest.mark.alone, pytest.mark.long]
TYPES = ("web", "worker")


@pytest.fixture
def shop(place: Place, kubectl: Client) -> Client:
    """A user whose app's first release has succeeded."""
    processes = {"web": a_process("/shop", "web", replicas=1, port=8080), "worker": a_process(replicas=1)}
    kubectl.apply(a_formation(image="shop:v0", release=releases.RELEASE, processes=processes))
    releases.succeeded(kubectl)
    return kubectl


class Deploy:
    """A deploy of an app with a release, and all that the API server has seen of it."""

    def __init__(self, user: Client, number: int) -> None:
        self._user, self.before, self.image = user, f"shop:v{number - 1}", f"shop:v{number}"
        self.digest = releases.digest(user, image=self.image)
        self._jobs = {*releases.jobs(user)}
        self._templates = [History(user, "deployment", f"shop-{each}") for each in TYPES]
        self._job = History(user, "job", f"shop-release-{self.digest}")
        user.merge("formation", "shop", {"spec": {"image": self.image}})

    def release(self) -> None:
        """Say in kubelet's place that it has started and succeeded, if it is there and hasn't yet."""
        for pod in releases.pods(self._user, self.digest):
            if not pod["status"].get("containerStatuses"):
                releases.run(self._user, self.digest)
            else:
                releases.end(self._user, name=self.digest)

    def is_done(self) -> bool:
        """Tell whether all is rolled out and reported."""
        formation = self._user.get("formation", "shop")
        said = formation["status"].get("release", {})
        revision = formation["status"].get("revision", {})
        return (
            {*releases.images(self._user).values()} == {self.image}
            and (said.get("state"), said.get("released")) == ("Succeeded", self.digest)
            and revision.get("name") == f"shop-{self.digest}"
        )

    def check(self) -> None:
        """Fail unless one Job ran, and each template was written once, after the Job had succeeded."""
        made = {*releases.jobs(self._user)} - self._jobs
        assert made <= {f"shop-release-{self.digest}"}
        versions = self._job.end()
        assert len({each["metadata"]["uid"] for each in versions}) == 1
        complete = next(number_of(each) for each in versions if is_complete(each))
        for history in self._templates:
            templates = history.end()
            assert stages(templates, image_of) == [self.before, self.image]
            assert next(number_of(each) for each in templates if image_of(each) == self.image) > complete


def number_of(item: Manifest) -> int:
    return int(item["metadata"]["resourceVersion"])


def image_of(deployment: Manifest) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def is_complete(job: Manifest) -> bool:
    return any(each["type"] == "Complete" for each in job.get("status", {}).get("conditions") or [])


def carried_on(place: Place, deploy: Deploy) -> bool:
    """Start the operator if it was killed, play kubelet, and tell whether the deploy is done."""
    place.restart_if_killed()
    deploy.release()
    return deploy.is_done()


def numbers(user: Client) -> list[int]:
    return sorted(item["revision"] for item in user.list_all("controllerrevisions.apps"))


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_a_release_comes_first_and_once_though_the_operator_is_killed_at_each_of_its_writes(
    place: Place, shop: Client, *, done: bool
) -> None:
    with place.killed_at_each_write(shop.namespace, done=done) as rule:
        deploy = Deploy(shop, 1)
        eventually(lambda: carried_on(place, deploy))
    deploy.check()
    assert rule.hits >= 5  # the revision, the Job, the status and two templates
    assert numbers(shop) == [1, 2]
    print(f"killed {rule.hits} times")
