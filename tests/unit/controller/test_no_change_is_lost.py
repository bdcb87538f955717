"""Soon after the last news, in whatever order it came, the status is what a new operator would write."""

import asyncio
import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.port import Object
from formation_operator.settings import Settings
from tests.builders import a_container, a_formation, a_pod, a_process, stored
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Call, FakeCluster, Incident, Verb
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE, identity_of
from tests.unit.fakes.replica import bring_formations

T = TypeVar("T")
KEY: Key = ("default", "shop")
WORKER = ("Deployment", "default", "shop-worker")
CONTROLLER = Owner("kube-controller-manager", "Update", "status")
SOON, TRIES = 3.0, 7
"""Seconds: after news of readiness the operator waits for one, and a status may follow another after one."""
NEVER = 1e9
UNTOUCHED = Settings(resync=NEVER, retry_most=2.0)
"""The operator lists only once: what it misses then stays missed."""


@dataclasses.dataclass(frozen=True)
class Step:
    """What happens, so many seconds after what was before."""

    after: float
    what: str
    value: int


@dataclasses.dataclass
class Lag:
    """Seconds until an answer comes, and until a watch tells; each time the next one of these."""

    answers: Sequence[float]
    echoes: Sequence[float]


class LateCluster(FakeCluster):
    """One whose answers and watches take their time; of one kind all is told in order."""

    def __init__(self, lag: Lag) -> None:
        super().__init__()
        self.lag = lag
        self.asked_for = self.told = 0

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        if not call.verb.startswith(("apply", "select", "patch")):
            return await super()._carry_out(call, answer)
        self.asked_for += 1
        pause = self.lag.answers[self.asked_for % len(self.lag.answers)]
        await asyncio.sleep(pause / 2)
        found = await super()._carry_out(call, answer)
        await asyncio.sleep(pause / 2)
        return found

    def late(self, kind: str, raw: Object) -> float:
        self.told += 1
        return self.lag.echoes[self.told % len(self.lag.echoes)]


class Onlooker(FakeCluster):
    """What another operator sees, which writes nothing."""

    def __init__(self, other: LateCluster) -> None:
        super().__init__()
        self._objects = other._objects  # noqa: SLF001
        self.version = other.version
        self.status: Object | None = None

    def write_status(self, manifest: Object) -> Object:
        self.status = manifest["status"]
        return {**self.read(naming.KIND, *KEY), "status": self.status}

    def write(self, manifest: Object, **_: object) -> Object:
        if identity_of(manifest) in self._objects:
            raise errors.ConflictError("a revision of a Formation that has gone is in the way")
        if manifest["kind"] == "ControllerRevision":
            raise errors.UnavailableError("not now")
        raise AssertionError(f"{manifest['metadata']['name']} isn't as it should be")

    def patch_now(self, *_: object) -> Object:
        raise AssertionError("there is a request to write through")

    def remove(self, kind: str, namespace: str, name: str, **_: str) -> None:
        raise AssertionError(f"{kind} {name} should have gone")


def ago(seconds: float) -> str:
    when = virtual_time.now() - datetime.timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def figures(cluster: LateCluster, value: int) -> None:
    """Have the Deployment's controller say how far it is."""
    raw = cluster.read(*WORKER)
    count = raw["spec"].get("replicas", 1)
    ready = count if value % 3 == 0 else 0
    old = value % 5 == 0
    if not any(each for each in cluster.all("ReplicaSet")):
        cluster.put(
            "ReplicaSet",
            {
                "metadata": {
                    "name": "shop-worker-abc",
                    "labels": {
                        "formations.dev/formation": "shop",
                        "formations.dev/process-type": "worker",
                        "pod-template-hash": "abc",
                    },
                    "annotations": {"deployment.kubernetes.io/revision": "2"},
                    "ownerReferences": [{"uid": raw["metadata"]["uid"]}],
                }
            },
        )
    conditions = [{"type": "Available", "status": str(bool(ready))}]
    if value % 2:
        conditions.append({"type": "Progressing", "status": "False", "message": "past its deadline"})
    status = {
        "observedGeneration": raw["metadata"]["generation"],
        "replicas": count + old,
        "updatedReplicas": count,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": conditions,
    }
    annotations = {"annotations": {"deployment.kubernetes.io/revision": "2"}}
    cluster.merge(*WORKER, {"status": status, "metadata": annotations}, by=CONTROLLER)


def crash(cluster: LateCluster, value: int) -> None:
    """Have a process crash, or run again after that."""
    name = f"shop-worker-{value % 2}"
    ended = {"terminated": {"exitCode": 3, "reason": "Error", "startedAt": ago(1), "finishedAt": ago(0)}}
    states: list[Object] = [
        ended,
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        {"running": {"startedAt": ago(0)}},
    ]
    container = a_container(states[value % 3], last=ended if value % 3 else None, restarts=value)
    pod = a_pod(container, name=name)
    del pod["metadata"]["resourceVersion"]
    cluster.put("Pod", pod)


def pod_goes(cluster: LateCluster, value: int) -> None:
    cluster.remove("Pod", "default", f"shop-worker-{value % 2}")


def edit(cluster: LateCluster, value: int) -> None:
    cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"worker": {"replicas": value}}}})


def scale(cluster: LateCluster, value: int) -> None:
    cluster.merge(*WORKER, {"spec": {"replicas": value}}, by=SCALE)


def goes(cluster: LateCluster, _: int) -> None:
    cluster.remove(*WORKER)


def again(cluster: LateCluster, value: int) -> None:
    """Have somebody delete the Formation and make another of its name."""
    cluster.remove(naming.KIND, *KEY)
    create(cluster, value, uid=f"uid-of-{cluster.version}")


def touch(cluster: LateCluster, value: int) -> None:
    cluster.merge(*WORKER, {"spec": {"minReadySeconds": value}})


def create(cluster: LateCluster, value: int, uid: str = "uid-1") -> None:
    formation = a_formation(processes={"worker": a_process(replicas=value)})
    raw = stored(formation, uid=uid)
    del raw["metadata"]["resourceVersion"]
    cluster.put(naming.KIND, raw)


VERBS: list[tuple[Verb, str]] = [
    ("select", "Event"),
    ("select", "ReplicaSet"),
    ("replace_status", ""),
    ("apply", ""),
    ("patch", ""),
]


def fail(cluster: LateCluster, value: int) -> None:
    """Have the next request of some kind fail, or only its answer be lost."""
    verb, kind = VERBS[value % len(VERBS)]
    cluster.incidents.append(
        Incident(verb, kind, error=errors.UnavailableError("not now"), carried_out=value > 4)
    )


HAPPENS = {f.__name__: f for f in (figures, crash, pod_goes, edit, scale, goes, touch, again, fail)}


def happen(cluster: LateCluster, step: Step) -> None:
    """Have something happen, unless there is nothing that it could happen to."""
    with contextlib.suppress(errors.NotFoundError):
        HAPPENS[step.what](cluster, step.value)


async def afresh(cluster: LateCluster) -> Object:
    """Return the status that a new operator finds right."""
    onlooker = Onlooker(cluster)
    other = Controller(onlooker, UNTOUCHED, virtual_time.now)
    await other.start()
    work = asyncio.create_task(other.run())
    await asyncio.sleep(0.5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return onlooker.status or cluster.read(naming.KIND, *KEY).get("status") or {}


def essence(status: Object) -> Object:
    """Return a status without times, and without its revision, which is tried again later each time."""
    conditions = [
        {key: value for key, value in each.items() if key != "lastTransitionTime"}
        for each in status.get("conditions", [])
        if each["type"] != ConditionType.REVISION_FAILED
    ]
    return {**{key: value for key, value in status.items() if key != "revision"}, "conditions": conditions}


async def story(lag: Lag, steps: Sequence[Step], rest: float) -> None:
    cluster = LateCluster(lag)
    here = Controller(cluster, UNTOUCHED, virtual_time.now)
    await here.start()
    bring_formations(cluster, here)
    work = asyncio.create_task(here.run())
    create(cluster, 1)
    for step in steps:
        await asyncio.sleep(step.after)
        happen(cluster, step)
    await asyncio.sleep(max(lag.answers) * 6 + max(lag.echoes) * 2 + rest)
    for _ in range(TRIES):
        there = essence(cluster.read(naming.KIND, *KEY).get("status") or {})
        wanted = essence(await afresh(cluster))
        if there == wanted:
            break
        await asyncio.sleep(SOON)
    assert there == wanted
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


WEIGHED = ["figures", "figures", "crash", "crash", "fail", *sorted(HAPPENS)]
PAUSES = st.sampled_from([0.0, 0.01, 0.05, 0.3, 0.99, 1.0, 1.01, 2.5])
STEPS = st.builds(Step, PAUSES, st.sampled_from(WEIGHED), st.integers(0, 6))
LAGS = st.builds(Lag, st.lists(PAUSES, min_size=1, max_size=4), st.lists(PAUSES, min_size=1, max_size=4))


@given(LAGS, st.lists(STEPS, max_size=12), st.sampled_from([2.5, 30.0]))
def test_soon_after_the_last_news_the_status_is_what_a_new_operator_would_write(
    lag: Lag, steps: list[Step], rest: float
) -> None:
    virtual_time.run(story(lag, steps, rest))
