"""The pass: bring one Formation's children to what it says, and say how that went."""

import dataclasses
import datetime
import logging
from collections.abc import Callable
from typing import Any

import pydantic

from formation_operator import apply, cache, counts, desired, naming, patience, plan, status
from formation_operator.cluster import Cluster
from formation_operator.counts import Count
from formation_operator.desired import Intent
from formation_operator.model import Formation
from formation_operator.observed import Child, Key
from formation_operator.plan import Action
from formation_operator.status import Problem

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime.datetime]


class Reconciler:
    """Runs passes over what the cache knows."""

    def __init__(
        self, cluster: Cluster, known: cache.Cache, clock: Clock, look_again: Callable[[Key], None]
    ) -> None:
        """Take the port to the cluster, the cache, and a clock that gives aware times.

        ``look_again`` asks for another pass when the Deployments' controller has had its turn.
        """
        self._cluster = cluster
        self._cache = known
        self._clock = clock
        self._look_again = look_again
        self._report_due: set[Key] = set()
        self._patience = patience.Patience()

    async def run(self, key: Key) -> bool:
        """Run one pass; tell whether nothing is left to try again."""
        raw = self._cache.formations.get(key)
        if raw is None or "deletionTimestamp" in raw["metadata"]:
            return True  # its children go with it, by garbage collection
        try:
            formation = parse(raw)
        except pydantic.ValidationError as error:
            return await self._report(raw, status.invalid(*self._basis(raw, first_problem(error))))

        children = self._cache.children_of(key)
        wanted = count(formation, children)
        intents, failed = desired.build(formation, wanted)
        actions = self._plan(key, formation, intents, failed)
        paused = bool(formation.spec.paused)
        outcomes = [] if paused else await self._carry_out(key, formation, actions)

        self._remember(outcomes)
        await self._tell(raw, outcomes)
        if self._report_later(key, outcomes):
            return True
        seen = self._see(key, formation, intents, failed, outcomes)
        written = await self._report(raw, status.compute(seen, raw["status"], self._now()))
        return written and not any(outcome.problem for outcome in outcomes)

    def _report_later(self, key: Key, outcomes: list[apply.Outcome]) -> bool:
        """Put the report off once after a change went well, so that it holds the cluster's answer.

        Until then ``observedGeneration`` tells everybody that the status is about an older spec.
        """
        changed = any(outcome.child or outcome.gone for outcome in outcomes)
        troubled = any(outcome.problem for outcome in outcomes)
        if not changed or troubled or key in self._report_due:
            self._report_due.discard(key)
            return False
        self._report_due.add(key)
        self._look_again(key)
        return True

    def _plan(
        self, key: Key, formation: Formation, intents: list[Intent], failed: dict[str, str]
    ) -> list[Action]:
        actions = plan.plan(intents, self._cache.children_of(key), failed, self._world(key, formation))
        return [self._patiently(action) for action in actions]

    def _patiently(self, action: Action) -> Action:
        """Return the action, or a wait where another client keeps undoing our repairs."""
        child = action.child
        if action.verb is not plan.Verb.REPAIR or child is None:
            return action
        if self._patience.repair(child.uid, self._clock().timestamp()):
            return action
        reason = f"another client keeps changing {child.kind} {child.name} back: see the Events for its name"
        return dataclasses.replace(action, verb=plan.Verb.WAIT, reason=reason)

    def _world(self, key: Key, formation: Formation) -> plan.World:
        return plan.World(
            uid=formation.metadata.uid,
            living=self._cache.living,
            claims=self._cache.claims(key),
            settled=self._cache.settled,
        )

    async def _carry_out(self, key: Key, formation: Formation, actions: list[Action]) -> list[apply.Outcome]:
        before = self._cache.formations[key]["status"]
        # Nothing was asked for since the last report, so what is missing now was there then.
        same_spec = before.get("observedGeneration") == formation.metadata.generation
        world = self._world(key, formation)

        def decide(action: Action, child: Child) -> Action | None:
            return plan.decide(action.intent, child, world) if action.intent else None

        return await apply.Executor(self._cluster, formation, decide, existed=same_spec).run(actions)

    def _remember(self, outcomes: list[apply.Outcome]) -> None:
        """Put the answers to our writes into the cache, ahead of the watch."""
        for outcome in outcomes:
            child = outcome.child
            if outcome.gone and outcome.action.child is not None:
                gone = outcome.action.child
                self._cache.drop_child(gone.kind, gone.namespace, gone.name)
            elif child is not None:
                self._cache.put_child(child)
                if outcome.action.intent is not None:
                    self._cache.settled[child.uid] = (outcome.action.intent.digest, child.owned)

    def _see(
        self,
        key: Key,
        formation: Formation,
        intents: list[Intent],
        failed: dict[str, str],
        outcomes: list[apply.Outcome],
    ) -> status.Seen:
        children = self._cache.children_of(key)
        uid = formation.metadata.uid
        mine = {
            intent.process_type: child
            for intent in intents
            if (child := children.get((intent.kind, intent.name))) is not None
            and intent.kind == "Deployment"
            and child.owner is not None
            and child.owner.uid == uid
        }
        deployments = [intent for intent in intents if intent.kind == "Deployment"]
        return status.Seen(
            name=formation.metadata.name,
            generation=formation.metadata.generation,
            counts=count(formation, children),
            deployments=mine,
            digests={intent.process_type: intent.digest for intent in deployments},
            images={intent.process_type: images(intent) for intent in deployments},
            problems=[*problems_of_types(failed), *problems_of_outcomes(outcomes)],
            pods=self._cache.pods.get(key, {}).values(),
            paused=bool(formation.spec.paused),
        )

    async def _report(self, raw: dict[str, Any], wanted: status.Status) -> bool:
        """Write the status if it differs from what is there; tell whether it's true now."""
        if not status.differs(wanted, raw["status"]):
            return True
        metadata = {key: raw["metadata"][key] for key in ("name", "namespace", "uid")}
        manifest = {
            "apiVersion": naming.API_VERSION,
            "kind": naming.KIND,
            "metadata": metadata,
            "status": wanted,
        }
        self._cache.put_formation(await self._cluster.apply_status(manifest))
        return True

    async def _tell(self, raw: dict[str, Any], outcomes: list[apply.Outcome]) -> None:
        for outcome in outcomes:
            for notice in outcome.notices:
                logger.info("%s: %s", "/".join(cache.key_of(raw)), notice.note)
                await self._cluster.notify(raw, notice)

    def _basis(self, raw: dict[str, Any], message: str) -> tuple[int, str, status.Status, str]:
        return raw["metadata"].get("generation", 0), message, raw["status"], self._now()

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(raw: dict[str, Any]) -> Formation:
    """Return the Formation of an object, or raise `pydantic.ValidationError`."""
    return Formation.model_validate({"metadata": raw["metadata"], "spec": raw["spec"]})


def first_problem(error: pydantic.ValidationError) -> str:
    """Return the first problem of an unreadable spec, with the field it is in."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def count(formation: Formation, children: dict[tuple[str, str], Child]) -> dict[str, Count]:
    """Return the count of each type, given the children."""
    name = formation.metadata.name
    return {
        process_type: counts.decide(
            formation.spec, process, children.get(("Deployment", naming.child(name, process_type)))
        )
        for process_type, process in formation.spec.processes.items()
    }


def images(intent: Intent) -> dict[str, str]:
    """Return the images that a Deployment's intent asks for, by container."""
    containers = intent.manifest["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item["image"] for item in containers if "image" in item}


def problems_of_types(failed: dict[str, str]) -> list[Problem]:
    """Return the problems of types that couldn't be rendered."""
    return [Problem(name, "InvalidSpec", message) for name, message in sorted(failed.items())]


def problems_of_outcomes(outcomes: list[apply.Outcome]) -> list[Problem]:
    """Return the problems of objects that couldn't be written."""
    return [
        Problem(outcome.action.process_type, reason(outcome), outcome.problem, lasting=outcome.lasting)
        for outcome in outcomes
        if outcome.problem
    ]


def reason(outcome: apply.Outcome) -> str:
    """Return the word for programs that fits an outcome with a problem."""
    words = {plan.Verb.REFUSE: "NameTaken", plan.Verb.WAIT: "Waiting"}
    return words.get(outcome.action.verb, "Refused" if outcome.lasting else "Retrying")
