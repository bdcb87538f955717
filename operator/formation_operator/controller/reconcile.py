"""The pass: bring one Formation's children to what it says, and say how that went."""

import functools
from collections.abc import Iterable

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.controller import parsing, steps
from formation_operator.controller.steps import Wanted
from formation_operator.diagnose import investigator
from formation_operator.foreground import check
from formation_operator.kube import lenient
from formation_operator.kube.port import Cluster
from formation_operator.kube.timestamps import Clock
from formation_operator.observe import autoscalers, cache, news
from formation_operator.observe.children import Child, Children, Key
from formation_operator.observe.faults import Faults, Problem
from formation_operator.render import desired
from formation_operator.replicas import count_owner, scale_requests, write_through
from formation_operator.replicas.count_owner import Count
from formation_operator.requeue import Ask, Lane
from formation_operator.settings import Settings
from formation_operator.status import compute, writer
from formation_operator.status.observation import Seen
from formation_operator.sync import executor, planner, repair_limit


class Reconciler:
    """Runs passes over what the cache knows."""

    def __init__(
        self,
        cluster: Cluster,
        known: cache.Cache,
        clock: Clock,
        ask: Ask,
        settings: Settings,
    ) -> None:
        """Take the port to the cluster, the cache, and a clock that gives aware times.

        ``ask`` asks for another pass in a lane, after some seconds.
        """
        self._cluster = cluster
        self._cache = known
        self._clock = clock
        self._ask = ask
        self._delay = settings.status_delay
        policy = scale_requests.Policy(settings.write_through, frozenset(settings.honour))
        self._requests = write_through.Requests(cluster, known, ask, policy)
        self._patience = repair_limit.Patience()
        self._reporter = writer.Reporter(cluster, known, clock, ask, settings.status_delay)
        self._examiner = investigator.Examiner(cluster)
        self._under_way: dict[Key, news.Basis] = {}

    async def run(self, key: Key) -> bool:
        """Run one pass; tell whether nothing is left to try again."""
        raw = self._cache.formations.get(key)
        if raw is None or "deletionTimestamp" in raw["metadata"]:
            return True  # its children go with it, by garbage collection
        # Plan from the snapshot that the requests are judged by: a write finds what has come since.
        basis = self._under_way[key] = news.Basis(raw, self._cache.children_of(key))
        try:
            return await self._run(key, basis)
        finally:
            del self._under_way[key]
            self._look_back(key, basis)

    def is_under_way(self, key: Key) -> bool:
        """Tell whether a pass is under way, which asks for another itself if it has missed anything."""
        return key in self._under_way

    def _look_back(self, key: Key, basis: news.Basis) -> None:
        """Ask for what has come during a pass, and forget a Formation that has gone during it."""
        current = self._cache.formations.get(key)
        if not basis.is_about(current):
            self.forget(basis.uid)
        lane = basis.news(current, self._cache.children_of(key))
        if lane is not None:
            self._ask(key, lane, self._delay if lane is Lane.REPORT else 0.0)

    async def _run(self, key: Key, basis: news.Basis) -> bool:
        faults = Faults(key)
        with faults.ending(""):
            return await self._pass(key, basis, faults)
        await self._stall(basis, faults.problems[""])
        return False

    async def _pass(self, key: Key, basis: news.Basis, faults: Faults) -> bool:
        raw, children = basis.formation, basis.children
        formation = await self._readable(basis)
        if formation is None:
            return True
        undecided: list[Problem] = []
        async for said in self._requests.honour(key, formation, children):
            if isinstance(said, Problem):
                undecided.append(said)
            else:
                await self._reporter.tell(raw, [said])
        current = self._cache.formations.get(key)
        if current is None or not basis.is_about(current):
            return True
        if current is not raw:
            basis.formation = raw = current
            formation = await self._readable(basis)
            if formation is None:
                return True
        counted = self._counts(key, formation, children, undecided)
        wanted = await steps.render(formation, counted, undecided, faults)
        outcomes = [] if formation.spec.paused else await self._act(key, wanted, basis, faults)
        await self._reporter.tell(raw, [notice for outcome in outcomes for notice in outcome.notices])
        if not self._reporter.later(key, basis.uid, outcomes):
            basis.shown = self._cache.children_of(key)
            seen = await self._see(key, wanted, basis.shown, outcomes, faults)
            await self._reporter.write(basis, steps.report(seen, raw["status"], self._now(), faults))
        return not undecided and not any(outcome.problem or outcome.again for outcome in outcomes)

    async def _readable(self, basis: news.Basis) -> Formation | None:
        """Return the Formation that a pass is about, or nothing once its status says why it can't be."""
        try:
            return parsing.parse(basis.formation)
        except parsing.UnreadableError as error:
            await self._stall(basis, error.problem)
            return None

    async def _stall(self, basis: news.Basis, problem: Problem) -> None:
        raw = basis.formation
        generation = lenient.number(raw["metadata"], "generation")
        await self._reporter.write(basis, compute.stalled(generation, problem, raw["status"], self._now()))

    async def learn(self) -> None:
        """Find out what can be written of a status in this cluster."""
        await self._reporter.learn()

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._requests.forget(uid)
        self._examiner.forget(uid)
        self._reporter.forget(uid)

    def _counts(
        self, key: Key, formation: Formation, children: Children, undecided: Iterable[Problem]
    ) -> dict[str, Count]:
        known = self._cache.autoscalers_in(key[0])
        # The Formation may have been deleted while a request was under way.
        before = self._cache.formations.get(key, {}).get("status") or {}
        about = formation.metadata
        decided = {}
        for name, process in formation.spec.processes.items():
            child = children.get(("Deployment", naming.child(about.name, name)))
            if child is not None and any(problem.process_type == name for problem in undecided):
                decided[name] = count_owner.left_as_it_is(formation.spec, child)
                continue
            decided[name] = count_owner.decide(
                formation.spec,
                process,
                child if child is not None and child.belongs_to(about.uid, about.name, name) else None,
                autoscalers.of_child(known, naming.child(about.name, name)),
                count_owner.reported(before, name, about.generation),
            )
        return decided

    async def _act(
        self, key: Key, wanted: Wanted, basis: news.Basis, faults: Faults
    ) -> list[executor.Outcome]:
        """Bring the children to what is wanted, and remember how they are then."""
        formation, children = wanted.formation, basis.children
        world = planner.World(
            uid=formation.metadata.uid,
            living=self._cache.living,
            claims=self._cache.claims(key),
            settled=self._cache.settled,
            restless=scale_requests.restless(formation.spec, wanted.counts),
            exhausted=self._patience.exhausted(
                (child.uid for child in children.values()), self._clock().timestamp()
            ),
        )
        actions = await steps.decide(wanted, children, world, self._cache, faults)
        lost = self._cache.lost_by(formation.metadata.uid)
        remember = functools.partial(self._remember, basis)
        return await executor.Executor(self._cluster, formation, world, lost, remember).run(actions)

    def _remember(self, basis: news.Basis, outcome: executor.Outcome) -> None:
        """Put the answer to our write into the cache, mostly ahead of the watch."""
        action, child = outcome.action, outcome.child
        if outcome.gone and action.child is not None:
            basis.deleted(action.child)
            self._cache.drop_child(action.child, lost=False)
        elif child is not None:
            self._cache.put_child(child)
            if action.intent is None or outcome.again:
                return
            basis.written(child)
            self._cache.settle(child, action.intent.settled_as)
            if child.kind == "Deployment" and action.intent.whole:
                self._requests.written(basis.uid, action.process_type)
            if action.verb in (planner.Verb.REPAIR, planner.Verb.ADOPT):
                self._patience.repaired(child.uid, self._clock().timestamp())

    async def _see(
        self,
        key: Key,
        wanted: Wanted,
        children: Children,
        outcomes: list[executor.Outcome],
        faults: Faults,
    ) -> Seen:
        formation = wanted.formation
        deployments = own_deployments(wanted.formation, children)
        examined = await self._examine(key, formation.metadata.uid, deployments, faults)
        return Seen(
            name=formation.metadata.name,
            generation=formation.metadata.generation,
            counts=self._counts(key, formation, children, wanted.undecided),
            deployments=deployments,
            digests={name: intent.digest for name, intent in wanted.deployments.items()},
            images={name: desired.images(intent) for name, intent in wanted.deployments.items()},
            problems=[
                *wanted.failed,
                *faults.problems.values(),
                *steps.problems_of(outcomes),
                *wanted.undecided,
            ],
            pods=examined.pods,
            findings=examined.findings,
            suspended=bool(formation.spec.suspend),
            paused=bool(formation.spec.paused),
            contended=scale_requests.contended(formation.spec, key[1], self._cache.autoscalers_in(key[0])),
            daemonizing=check.warnings(commands(formation)),
            undeclared=self._reporter.undeclared,
        )

    async def _examine(
        self, key: Key, uid: str, deployments: dict[str, Child], faults: Faults
    ) -> investigator.Examined:
        """Look into what is wrong with the Pods, and look again when time alone may change that."""
        examined = await self._examiner.examine(
            uid, deployments, self._cache.pods_of(key), self._clock().timestamp(), faults
        )
        if examined.again_in is not None:
            self._ask(key, Lane.REPORT, examined.again_in + self._delay)
        return examined

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def commands(formation: Formation) -> dict[str, list[str]]:
    """Return the command of each type that names its program; else that is the image's matter."""
    types = formation.spec.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}


def own_deployments(formation: Formation, children: Children) -> dict[str, Child]:
    """Return the Deployment of each type that has one of its own, though it be of an older spec."""
    about = formation.metadata
    types = formation.spec.processes
    found = {name: children.get(("Deployment", naming.child(about.name, name))) for name in types}
    return {
        name: child
        for name, child in found.items()
        if child is not None and child.owner is not None and child.owner.uid == about.uid
    }
