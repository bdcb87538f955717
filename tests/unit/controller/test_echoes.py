"""What a pass writes comes back through the watch, before the answer or after, and leads to nothing."""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of, revision_name
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.controller.intake import Controller
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.port import Object
from formation_operator.render import intents
from formation_operator.render.intents import Intent
from formation_operator.requeue import Result
from formation_operator.settings import Settings
from tests.shared.builders import a_formation, a_process, stored
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Call, FakeCluster
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.replica import bring_formations
from tests.unit.fakes.shop import FIGURES

T = TypeVar("T")
LOOP = {"virtual": virtual_time.VirtualLoop}
KEY: Key = ("default", "shop")
TYPES = ("web", "worker")
FORMATION = a_formation(processes={name: a_process(replicas=2) for name in TYPES})
DEPLOYMENTS = [naming.child("shop", name) for name in TYPES]
REVISION = revision_name("shop", digest_of(content_of(FORMATION["spec"])))
STATUS = "status"
CONTROLLER = Owner("kube-controller-manager", "Update", "status")
SECONDS = 0.02


@dataclasses.dataclass
class Delays:
    """When it is known what was written: after so many seconds, by its name."""

    answers: dict[str, float] = dataclasses.field(default_factory=dict)
    echoes: dict[str, float] = dataclasses.field(default_factory=dict)


class SlowCluster(FakeCluster):
    """Lets answers and what the watch tells take their time, and runs Deployments."""

    def __init__(self, delays: Delays) -> None:
        super().__init__()
        self.delays = delays
        self.watchers.append(self.run)
        self.written: list[str] = []
        """The names of the Deployments that were written, in that order."""

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        found = await super()._carry_out(call, answer)
        if call.verb.startswith("apply"):
            what = STATUS if call.verb == "replace_status" else call.name
            self.written += [call.name] if call.verb == "apply" else []
            await asyncio.sleep(self.delays.answers.get(what, 0))
        return found

    def late(self, kind: str, raw: Object) -> float:
        return self.delays.echoes.get(raw["metadata"]["name"] if kind == "Deployment" else STATUS, 0.0)

    def run(self, kind: str, raw: Object, deleted: bool) -> None:
        """Have a Deployment that has changed be rolled out."""
        name, generation = raw["metadata"]["name"], raw["metadata"]["generation"]
        if kind == "Deployment" and (raw.get("status") or {}).get("observedGeneration") != generation:
            asyncio.get_running_loop().call_later(7 * SECONDS, self.roll_out, name)

    def roll_out(self, name: str) -> None:
        """Say that as many processes run as are wanted."""
        raw = self.read("Deployment", "default", name)
        figures = dict.fromkeys(FIGURES, raw["spec"]["replicas"])
        status = {"observedGeneration": raw["metadata"]["generation"], **figures}
        self.merge("Deployment", "default", name, {"status": status}, by=CONTROLLER)


def delays_of(order: tuple[str, ...]) -> Delays:
    """Return when each answer and each echo comes, in their order."""
    delays = Delays()
    for number, event in enumerate(order):
        what, name = event.split(" of ")
        (delays.answers if what == "answer" else delays.echoes)[name] = number * SECONDS
    return delays


WRITES = [f"{what} of {name}" for what in ("answer", "echo") for name in DEPLOYMENTS]
REPORTS = [f"{what} of {STATUS}" for what in ("answer", "echo")]
ORDERS = [*itertools.permutations(WRITES), *itertools.permutations(REPORTS)]


@dataclasses.dataclass
class Story:
    """What the operator did in some seconds."""

    cluster: SlowCluster
    passes: int = 0
    rendered: list[str] = dataclasses.field(default_factory=list)
    """The types that were rendered, each as often as it was."""

    @property
    def summary(self) -> str:
        """What the status says at last."""
        return str(self.cluster.read(naming.KIND, *KEY)["status"]["summary"])


async def told(
    delays: Delays, then: Callable[[SlowCluster], object], monkeypatch: pytest.MonkeyPatch
) -> Story:
    """Return what comes of a Formation once something is done that makes it what it is to be."""
    cluster = SlowCluster(delays)
    story = Story(cluster)
    here = Controller(cluster, Settings(), virtual_time.now)
    await here.start()
    bring_formations(cluster, here)
    work = asyncio.create_task(here.run())
    run = here._pass  # noqa: SLF001

    async def counted(key: Key) -> Result:
        story.passes += 1
        return await run(key)

    render = intents.children

    def noted(owner: Metadata, content: FormationSpec, name: str, *apart: Any) -> list[Intent]:
        story.rendered.append(name)
        return render(owner, content, name, *apart)

    monkeypatch.setattr(here._queue, "_run", counted)  # noqa: SLF001
    monkeypatch.setattr(intents, "children", noted)
    then(cluster)
    await asyncio.sleep(5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return story


def create(cluster: SlowCluster) -> None:
    cluster.put(naming.KIND, stored(FORMATION))


@pytest.mark.parametrize("order", ORDERS, ids=", ".join)
async def test_a_new_formation_costs_one_write_of_each_object_and_its_revision_one_status_and_two_passes(
    order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await told(delays_of(order), create, monkeypatch)
    asked = story.cluster.asked
    assert sorted(call.name for call in asked("apply")) == sorted([*DEPLOYMENTS, REVISION])
    assert (story.passes, len(asked("get")), len(asked("replace_status"))) == (2, 0, 1)
    assert sorted(story.rendered) == [*TYPES], "its report renders nothing"
    assert story.summary == "web=2/2 worker=2/2", "the cluster's answer is in it"


# What others do meanwhile


def edits(cluster: SlowCluster) -> None:
    cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"web": {"replicas": 5}}}})


def scales_the_child(cluster: SlowCluster) -> None:
    cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 5}}, by=SCALE)


def deletes_the_child(cluster: SlowCluster) -> None:
    cluster.remove("Deployment", "default", "shop-web")


def changes_the_child(cluster: SlowCluster) -> None:
    cluster.merge("Deployment", "default", "shop-web", {"spec": {"minReadySeconds": 77}})


def overwrites_the_status(cluster: SlowCluster) -> None:
    cluster.merge(naming.KIND, *KEY, {"status": {"summary": "nonsense"}})


SLOW = Delays(
    answers={"shop-web": 10 * SECONDS, "shop-worker": 20 * SECONDS, STATUS: 10 * SECONDS},
    echoes={"shop-web": SECONDS, "shop-worker": SECONDS, STATUS: 15 * SECONDS},
)


@pytest.mark.parametrize("moment", [0.35, 0.6, 0.75, 1.65, 1.75, 2.1])
@pytest.mark.parametrize(
    "others_do", [edits, scales_the_child, deletes_the_child, changes_the_child, overwrites_the_status]
)
async def test_what_others_do_during_a_pass_is_seen_and_acted_on(
    others_do: Callable[[SlowCluster], None], moment: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then(cluster: SlowCluster) -> None:
        create(cluster)
        asyncio.get_running_loop().call_later(moment, others_do, cluster)

    story = await told(SLOW, then, monkeypatch)
    count = 5 if others_do in (edits, scales_the_child) else 2
    assert story.summary == f"web={count}/{count} worker=2/2"
    assert story.cluster.written.count("shop-web") == (1 if others_do is overwrites_the_status else 2)
    assert story.cluster.written.count("shop-worker") == 1
