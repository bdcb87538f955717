"""What must hold, in words of Kubernetes' objects alone: who may run what, and how many.

The ledger knows what people have declared, and sees each object that changes. It asks the operator nothing.
"""

import dataclasses
import json
import re
from collections.abc import Iterator

from formation_operator.api import naming
from formation_operator.api.content import content_of
from formation_operator.api.formation import CANARY_SECONDS
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient, timestamps
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.port import Object
from tests.unit.fakes import json_patch
from tests.unit.fakes.kubelet import ENDED_PHASES
from tests.unit.gates.world import (
    THEIRS,
    Key,
    Template,
    World,
    children_in,
    count_of,
    is_ready,
    key_of,
    of_canary,
    template_of,
    templates_in,
)

MINUTE = 58.0
"""Seconds: what has run so long needs no canary, and canaries that nobody has declared wait so long for room.
Times of objects are whole seconds.
"""
ORDERS = re.compile(r'"processes":{"([a-z-]+)"')
"""The types that an Event tells people to change."""


LEFT = naming.RELEASE_LEFT_LABEL
BY_CONTENT = (ChildKind.DEPLOYMENT, ChildKind.SERVICE, ChildKind.CRON_JOB)
"""The kinds of which a content says whether there is an object; of others what is declared today counts."""


@dataclasses.dataclass
class Content:
    """What somebody has declared, and what has to be proven before it may run."""

    key: Key
    types: dict[str, Template]
    children: set[tuple[str, str]]
    """Kind, and type or schedule, of its objects."""
    release: bool
    """Whether its release command has to succeed first."""
    tried: set[str]
    """The types of which one process has to stand first."""
    at: float
    """When."""
    failed: str = ""
    """The uid of the Formation whose status has said so since then: all types have to stand then."""
    passed: bool = False
    is_seen: bool = False
    """Whether a pass has begun since then."""
    begun: bool = False
    """Whether it may have been let through: all was proven while it was the newest."""

    @property
    def identity(self) -> object:
        """What tells it apart."""
        return self.key, self.types, {each for each in self.children if each[0] in BY_CONTENT}


class Ledger:
    """Judges each process that starts, and each count that the operator writes."""

    generation = 0
    """Of the Formation when the pass began."""
    uid = ""
    is_unmarked = False
    """Whether it was made again without a Deployment, which may have named what was let through."""

    migrated: Key | None = None
    """What the last release that succeeded was given: the database fits that."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.spec: Object = {}
        """What people want, whatever a CRD has made of it."""
        self.contents: list[Content] = []
        """What was declared and may still run, the newest last."""
        self.legit: dict[str, set[Template]] = {}
        """By type: what may run."""
        self.released: set[Key] = set()
        """Those whose release command has succeeded, or that have run."""
        self.counts: dict[str, set[int]] = {}
        """By type: the counts that somebody has wished for since all was quiet."""
        self.wishes: dict[str, int] = {}
        """By type: the newest of them."""
        self.unseen: dict[str, int] = {}  # by type: what somebody has declared since the pass began
        self.fields: dict[str, set[str]] = {}
        """By type: where they were wished for."""
        self.unclear: set[str] = set()
        """The types that may be at zero for the operator, as after a zero that it may not have seen."""
        self.is_unsure = False
        """Whether an answer was lost since all was quiet: then the operator may guess."""
        self.single: set[tuple[str, Template]] = set()
        """What has run as a singleton, and may not run twice."""
        self.ready: dict[tuple[str, Template, bool], float] = {}
        """Since when a type has a ready process of a template, a canary or not."""
        self.proven: set[tuple[str, Template]] = set()
        self.left: set[tuple[str, Template]] = set()
        """What was proven before another version's release: its Job or revision says so to the operator."""
        self.seen: set[str] = set()
        """The uids of processes that were judged."""
        self.written: dict[str, int] = {}
        """By uid of a Deployment: its count."""
        self.templates: dict[str, Template] = {}
        """By uid of a Deployment: what it runs."""
        self.stopped: set[str] = set()
        """The uids of the Deployments that the operator has stopped with the app."""
        self.edited: set[Template] = set()  # what others have set
        self.begins: dict[str, bool] = {}
        """By uid of a CronJob: whether it begins runs."""
        self.said: Object = {}
        """The status that was written last."""
        self.broken: list[str] = []
        self.was_passed = False
        """Whether the newest content had passed when the pass began."""
        self.was_paused = False
        """Whether the pass before saw a pause: then no report has seen what stands."""
        self.endpoints = 0
        self.leader = world.operator
        world.before_pass, world.after_pass, world.verify = self.begin, self.end, self.require
        world.cluster.watchers.append(self.watch)
        self.declared(world.spec)

    # What people declare

    def declared(self, change: Object) -> None:
        """Take note of what somebody has changed of the spec; of nothing, that a Formation is made again."""
        before, self.spec = self.spec, json_patch.merged(self.spec, change)
        for name, process in self.spec["processes"].items():
            asked = change.get("processes", {}).get(name) or {}
            one = 1 if process.get("singleton") else self.wishes.get(name, 1)
            if "replicas" in asked and self.wishes.get(name) == 0:
                self.unclear.add(name)  # the operator may see the zero after it
            if name not in self.counts or "replicas" in asked:
                self.wish(name, process.get("replicas", one), "spec")
                if self.world.generation != self.generation:  # else it was declared like that before
                    self.unseen[name] = self.wishes[name]
        if not self.seconds:  # who says so wants no proof
            for each in self.contents:
                each.tried.clear()
        # A zero of somebody's that the operator sees only once all is at zero is no request.
        self.is_unsure |= bool(change.get("suspend")) and 0 in self.wishes.values()
        types, key, now = templates_in(self.spec), key_of(self.spec), self.world.time().timestamp()
        running = {template[0] for each in self.legit.values() for template in each}
        release = "release" in self.spec and key not in running
        new = Content(key, types, children_in(self.spec), release, self.to_try(types), now)
        if new.identity in [each.identity for each in self.contents[-2:-1]] and not self.contents[-1].is_seen:
            self.contents.pop()  # no pass has seen that it was another one for a moment
        if self.contents and self.contents[-1].identity == new.identity:
            self.contents[-1].children = new.children
            self.contents[-1].is_seen &= content_of(before) == content_of(self.spec)
        else:
            self.contents.append(new)

    @property
    def seconds(self) -> int:
        """How long a canary has to stand."""
        declared = {} if "canary" in self.world.lost else self.spec.get("canary", {})
        return int(declared.get("seconds", CANARY_SECONDS))

    def to_try(self, types: dict[str, Template]) -> set[str]:
        """Return the types that the content changes while they run: one new process of each has to stand."""
        if not self.seconds:
            return set()
        found = set()
        for name, template in types.items():
            deployment = self.world.deployment(name)
            beside = self.world.deployment(naming.canary(name))
            is_taken = self.is_taken(name) or (beside is not None and not is_canary(beside))
            if deployment is not None and not is_taken and self.wants(name):
                differs = template_of(deployment["spec"]["template"]) != template
                found |= {name} if differs and not self.is_singleton(name, deployment) else set()
        return found

    def is_taken(self, name: str) -> bool:
        """Return whether a type or a schedule has the name of a type's canary: then it has none."""
        own = naming.canary(name)
        is_declared = own in {*self.spec["processes"], *self.spec.get("schedules", {})}
        return is_declared or self.world.object(ChildKind.CRON_JOB, f"shop-{own}") is not None

    def wants(self, name: str) -> bool:
        """Return whether somebody wants processes of a type; `suspend` is no zero."""
        is_one = name in self.spec["processes"] and name not in self.unclear
        return is_one and self.wishes[name] != 0

    def has_own(self, kind: str, name: str) -> bool:
        """Return whether a declared object is to be there, as what would be a second autoscaler isn't."""
        theirs = [each for each in kinds.AUTOSCALERS if self.world.object(each, THEIRS)]
        is_second = kind == HPA and name == "worker" and theirs
        return kind in BY_CONTENT or not (is_second or self.is_singleton(name, None))

    def is_singleton(self, name: str, deployment: Object | None) -> bool:
        """Return whether a type may never run twice, by what is declared or by what runs."""
        return self.world.recreates(deployment) or bool(self.spec["processes"].get(name, {}).get("singleton"))

    def may_be_singleton(self, name: str) -> bool:
        """Return whether a type may be one for the operator, as where nothing says who has written that."""
        own = self.world.deployment(name)
        return self.is_singleton(name, own) or (self.world.has_lost_fields and self.world.seems_single(own))

    def is_open(self, name: str) -> bool:
        """Return whether the spec leaves the count of a type to others."""
        process = self.spec["processes"].get(name, {})
        is_declared = not {"replicas", "singleton"}.isdisjoint(process) and "autoscaling" not in process
        return not is_declared or any(self.world.scalers(name))

    def wish(self, name: str, count: int, field: str) -> None:
        """Take note that somebody wishes for a count, in the spec or by scaling."""
        self.counts.setdefault(name, set()).add(count)
        self.wishes[name] = count
        self.fields.setdefault(name, set()).add(field)
        if count == 0 and (deployment := self.world.deployment(name)) is not None:
            self.stopped.discard(deployment["metadata"]["uid"])  # it is at zero anyway
        if len(self.fields[name]) > 1 and 0 in self.counts[name]:
            self.unclear.add(name)  # which of both counts isn't sure

    def judge_settled(self, name: str, count: int) -> None:
        """(d) The newest wish counts, unless both the spec and the Deployment have changed."""
        process = self.spec["processes"][name]
        if process.get("singleton") and "replicas" not in process and not any(self.world.scalers(name)):
            # A content whose record was deleted may be on trial again.
            is_on_trial = kinds.CONTROLLER_REVISION in self.world.removed and self.world.own("web-canary")
            is_through = self.contents[-1].passed and not is_on_trial
            assert count == 1 or not is_through, f"(d) {name}: {count}, not 1"
            return
        if not self.is_open(name) and len(self.fields.get(name, ())) == 1 and not self.is_unsure:
            assert count == self.wishes[name], f"(d) {name}: {count}, not {self.wishes[name]}"
        assert count in self.counts[name], f"(d) {name}: {count}, not {self.counts[name]}"

    # What is seen

    def watch(self, kind: str, raw: Object, deleted: bool) -> None:
        """See an object that has changed, and judge that if it was the operator's doing."""
        is_new = raw["metadata"]["uid"] not in self.seen
        if kind in {*ChildKind}:
            self.watch_child(kind, raw["metadata"]["name"].removeprefix("shop-"), raw, deleted)
        elif kind == naming.KIND and not deleted and self.world.is_passing:
            self.judge_formation(raw)
        elif kind == kinds.CONTROLLER_REVISION and deleted and self.world.is_passing:
            self.judge_pruning(templates_in(raw["data"]))
        elif kind == kinds.JOB and "deletionTimestamp" in raw["metadata"] and self.world.is_passing:
            runs = [pod for pod in self.world.cluster.there(kinds.POD) if has_started(pod, raw)]
            self.hold(not runs, f"(a) the release {raw['metadata']['name']} is ended while it runs")
        elif kind == kinds.JOB and not deleted:
            is_start = self.world.is_passing and "status" not in raw and self.spec.get("suspend")
            self.hold(not is_start, "(b) a release starts while all is stopped")
            if is_complete(raw) and is_new:  # the database may not fit any more what ran well with it before
                self.seen.add(raw["metadata"]["uid"])
                self.released.add(key := template_of(raw["spec"]["template"])[0])
                self.migrated = key
                self.left |= {each for each in self.proven if each[1][0] != key}
                for each in self.ready:
                    if not (each[2] and each[1][0] == key):  # a canary of its own that was left has stood
                        self.ready[each] = self.world.time.seconds
        elif kind == kinds.POD and not deleted and is_new:
            self.seen.add(raw["metadata"]["uid"])
            self.judge_pod(raw, raw["metadata"]["labels"])

    def judge_formation(self, raw: Object) -> None:
        """Judge what the operator writes to the Formation: (d) it overwrites no count that it hasn't seen."""
        for name, count in self.unseen.items():
            stays = raw["spec"]["processes"].get(name, {}).get("replicas", count) == count
            self.hold(stays, f"(d) {name}: {count}, declared during the pass, is overwritten")
        before, self.said = self.said, raw.get("status", {})
        if before != self.said and not self.world.is_disturbed:
            self.judge_ready(raw)
        is_failed = self.said.get("canary", {}).get("state") == "Failed"
        newest, uid = self.contents[-1], raw["metadata"]["uid"]
        is_about_it = self.said.get("observedGeneration") == raw["metadata"]["generation"]
        if is_failed and is_about_it and newest.failed != uid:
            newest.failed = uid
            self.left |= {each for each in newest.types.items() if each in self.proven}

    def watch_child(self, kind: str, name: str, raw: Object, deleted: bool) -> None:
        """See a child that has changed."""
        uid, is_foreign = raw["metadata"]["uid"], (kind, raw["metadata"]["name"]) in self.world.foreign
        goes = deleted or "deletionTimestamp" in raw["metadata"]  # in the foreground, it ends after the pass
        if kind == ChildKind.DEPLOYMENT and not goes:
            if raw["spec"]["strategy"]["type"] != "Recreate":
                self.world.recreated.discard(uid)
                is_several = not self.spec["processes"].get(name, {}).get("singleton")
                if self.world.is_passing and is_several and self.passes(self.contents[-1]):
                    self.single = {each for each in self.single if each[0] != name}
            self.judge_count(name, raw)
        elif kind == ChildKind.DEPLOYMENT and not self.world.is_passing:
            self.fields[name] = {"spec", "scale"}  # a count may have gone with it
        elif goes and self.world.is_passing and not is_foreign:
            is_one = kind == ChildKind.DEPLOYMENT and is_canary(raw)
            self.judge_farewell(raw) if is_one else self.judge_removal(kind, name)
        elif kind == ChildKind.CRON_JOB and not deleted:
            before, self.begins[uid] = self.begins.get(uid), not raw["spec"].get("suspend")
            if self.world.is_passing and before and not self.begins[uid] and not self.spec.get("suspend"):
                self.judge_removal(kind, name)
            runs = any(count for _, count in self.running())  # what is released runs: its schedules do, too
            is_early = before is False and self.begins[uid] and not (self.is_released() or runs)
            is_ours = self.world.is_passing and self.world.is_calm()
            self.hold(not (is_early and is_ours), f"(b) runs of {name} begin before its release")

    def judge_pod(self, raw: Object, labels: Object) -> None:
        """Judge a Pod that is new."""
        if naming.RELEASE_LABEL in labels:
            others = self.world.cluster.there(kinds.POD, labels=naming.RELEASE_LABEL)
            living = [each for each in others if each.get("status", {}).get("phase") not in ENDED_PHASES]
            self.hold(len(living) == 1, "(s) a release command starts beside another one")
        elif of_canary(raw):
            self.judge_canary(of_canary(raw))
        elif lenient.controller(raw["metadata"]).get("kind") == kinds.REPLICA_SET:
            self.judge_process(labels.get(naming.PROCESS_TYPE_LABEL, ""), raw)

    def hold(self, holds: object, text: str) -> None:
        """Keep what doesn't hold for `require`: an error in a pass would be the operator's."""
        if not holds:
            self.broken.append(text)

    def require(self) -> None:
        """Take note of what stands now, and raise the first that doesn't hold."""
        self.look()
        assert not self.broken, self.broken[0]

    def judge_process(self, name: str, raw: Object) -> None:
        """(a, b) Nothing runs without its proofs."""
        template, deployment = template_of(raw), self.world.deployment(name)
        if template not in self.legit.setdefault(name, set()):
            able = self.let_through(name, template)
            self.hold(able, f"(a) {name} runs {template} without its proofs: {self.contents}, {self.proven}")
            self.legit[name].add(template)
        own = raw["metadata"]["uid"]
        for of, other in self.world.processes():
            is_gone = other["metadata"]["uid"] == own or other.get("status", {}).get("phase") in ENDED_PHASES
            if of == name and not is_gone and (name, template_of(other)) in self.single:
                # Anyone who deletes a Deployment has a new process start while the old one ends.
                is_same = template_of(other) == template or ChildKind.DEPLOYMENT in self.world.removed
                is_scaled = "scale" in self.fields.get(name, ()) and count_of(deployment) > 1
                is_fine = is_scaled or "deletionTimestamp" in other["metadata"]
                is_fine = is_fine or not self.is_singleton(name, deployment)
                self.hold(is_same and is_fine, f"(s) {name} starts beside {template_of(other)}, a singleton")
                if is_same and not self.is_singleton(name, deployment):
                    self.single.discard((name, template))  # it runs twice from now on
        if self.world.recreates(deployment):
            beside = [pod for own, pod in self.world.processes() if own == naming.canary(name)]
            if ChildKind.DEPLOYMENT in self.world.removed:  # by anyone, who doesn't wait for their end
                beside = [pod for pod in beside if "deletionTimestamp" not in pod["metadata"]]
            self.hold(not beside, f"(s) the singleton {name} starts beside a canary")

    def let_through(self, name: str, template: Template) -> bool:
        """Take note of the contents that a template of a type is of, if they may run now."""
        able = [each for each in self.able(name, template) if self.passes(each)]
        for each in able:
            each.passed = True
        if able:
            self.legit.setdefault(name, set()).add(template)
        return bool(able)

    def judge_canary(self, name: str) -> None:
        """(s) No canary starts beside a singleton, which isn't one where an autoscaler runs several."""
        deployment = self.world.deployment(name)
        is_scaled = "scale" in self.fields.get(name, ()) and self.wishes.get(name, 1) > 1  # by a person
        is_one = count_of(deployment) == 1 and self.world.recreates(deployment) and not is_scaled
        self.hold(not is_one, f"(s) a canary starts beside the singleton {name}")

    def judge_count(self, name: str, raw: Object) -> None:
        """(b, c, d) The operator writes no count that nobody wished for, and starts no old version.

        What others write is a wish.
        """
        if ("Deployment", raw["metadata"]["name"]) in self.world.foreign or is_canary(raw):
            return
        uid, count = raw["metadata"]["uid"], count_of(raw)
        template, former = template_of(raw["spec"]["template"]), self.templates.get(uid)
        self.templates[uid] = template
        if former != template and self.world.is_passing:
            self.let_through(name, template)  # its processes may start later
        elif former not in (None, template):
            self.legit.setdefault(name, set()).add(template)  # anyone who sets an image has it run
            self.edited.add(template)
        if former != template and self.world.is_passing:
            self.judge_template(name, template)
        known, before = self.counts.setdefault(name, set()), self.written.get(uid)
        self.written[uid] = count
        if before == count:
            return
        is_stopped = uid in self.stopped and not self.world.has_lost_fields  # else nothing says so
        self.stopped.discard(uid)
        if not self.world.is_passing:
            known.add(count)
            if count or not self.spec.get("suspend"):
                self.wish(name, count, "scale")
            else:  # it is a wish if the app is started before a pass sees it
                self.unclear.add(name)
                self.is_unsure = True
            return
        stops = self.spec.get("suspend") or any(not each.passed for each in self.contents)
        if count == 0 and self.spec.get("suspend") and self.wishes.get(name):
            self.stopped.add(uid)
        is_left = self.was_passed or (is_stopped and self.world.is_calm() and not self.is_released())
        is_old = template != self.contents[-1].types.get(name, template) and is_left
        self.hold(before or not is_old, f"(b) {name} starts its old version {template}")
        least = self.spec["processes"].get(name, {}).get("autoscaling", {}).get("minReplicas", 0)
        said = self.said.get("processes", {}).get(name, {}).get("desiredReplicas")  # of one that was refused
        if self.is_open(name) and count in (1 if not before else least, least, None if before else said):
            known.add(count)  # one that is made again, or starts anew, has the last known count, or 1
        is_none = count == 0 and (stops or self.is_singleton(name, None))
        is_one = count == 1 and self.may_be_singleton(name)  # until a content with more is let through
        is_known = count in known or not known or is_none or is_one
        self.hold(is_known, f"(d) {name}: {count}, not {known}")

    def judge_template(self, name: str, template: Template) -> None:
        """(b) The operator writes no version that somebody has left, unless that was let through before."""
        if template in (self.contents[-1].types.get(name), *self.legit.get(name, ())):
            return
        able = not self.was_passed and [*self.able(name, template)]
        self.hold(able, f"(b) {name} gets {template}, which was left")

    def able(self, name: str, template: Template) -> Iterator[Content]:
        """Yield the contents by which a type may get a template, if they pass.

        One that isn't the newest was let through in its time, or its release has succeeded since then.
        """
        for each in self.contents:
            is_released = each.release and self.passes(each)
            if each.types.get(name) == template and (each is self.contents[-1] or each.begun or is_released):
                yield each

    def judge_pruning(self, templates: dict[str, Template]) -> None:
        """(c) No revision goes that is declared, or the last one that keeps what runs."""
        there = self.world.cluster.there(kinds.CONTROLLER_REVISION)
        kept = [each for raw in there for each in templates_in(raw["data"]).items()]
        kept += self.contents[-1].types.items()  # the Formation itself keeps that
        if kinds.CONTROLLER_REVISION in self.world.removed:  # somebody has deleted the one that runs
            return
        for name, template in templates.items():
            is_declared = name in self.spec["processes"]  # else an orphan stays one
            own = self.world.deployment(name)
            is_ours = own is not None and (is_declared or own["metadata"].get("ownerReferences"))
            runs = own is not None and is_ours and template_of(own["spec"]["template"]) == template
            self.hold(not runs or (name, template) in kept, f"(c) the revision goes that {name} runs")

    def judge_removal(self, kind: str, name: str) -> None:
        """(c) What a content has stays until one without it is let through."""
        is_declared = kind == ChildKind.DEPLOYMENT and name in self.spec["processes"]
        self.hold(not is_declared, f"(c) the Deployment of {name} is deleted")
        through = next((each for each in reversed(self.contents) if each.begun or self.passes(each)), None)
        is_held = through is not None and (kind, name) in through.children
        if kind in BY_CONTENT or name not in self.spec["processes"]:
            self.hold(not is_held, f"(c) the {kind} of {name} goes before that is let through")

    def judge_farewell(self, raw: Object) -> None:
        """(c) A canary whose content is let through stays until its type has a new process, if it can."""
        template = template_of(raw["spec"]["template"])
        name = of_canary(raw["spec"]["template"])
        own = self.world.deployment(name)
        is_alone = own is None and self.wants(name) and bool(raw.get("status", {}).get("availableReplicas"))
        is_stopped = self.spec.get("suspend") or self.is_singleton(name, None)
        self.hold(not is_alone or is_stopped, f"(c) the canary of {name} goes, and nothing else runs")
        newest, uid = self.contents[-1], self.world.formation["metadata"]["uid"]
        jobs = [each for each in self.world.jobs() if lenient.controller(each["metadata"]).get("uid") == uid]
        # One that is made again begins anew, and so does the next content after a Job that was left.
        done = [each for each in jobs if is_complete(each) and LEFT not in each["metadata"]["labels"]]
        released = [template_of(each["spec"]["template"])[0] for each in done]
        is_tried = self.seconds and template == newest.types.get(name)
        is_tried = is_tried and (not newest.release or newest.key in released)
        if not is_tried or own is None or not count_of(own) or self.may_be_singleton(name):
            return
        said = lenient.conditions(own.get("status", {}))
        is_refused = "ReplicaFailure" in said or said.get("Progressing", {}).get("status") == "False"
        serves = (name, template) in self.world.ready()
        self.hold(serves or is_refused, f"(c) the canary of {name} goes before its type serves")

    def passes(self, content: Content) -> bool:
        """Return whether all that has to be proven of a content is."""
        released = self.is_released(content)
        tried = content.tried if self.seconds else ()
        to_stand = [name for name in tried if self.wants(name) and not self.may_be_singleton(name)]
        is_known = self.world.removed.isdisjoint((kinds.JOB, kinds.CONTROLLER_REVISION))
        proven = self.proven - (self.left if is_known else set())
        unproven = [each for each in to_stand if (each, content.types[each]) not in proven]
        return content.passed or (released and all(map(self.is_taken, unproven)))

    def is_released(self, content: Content | None = None) -> bool:
        """Return whether the release of a content, or of the newest one, has succeeded if it has to."""
        one = content or self.contents[-1]
        return not one.release or "release" not in self.spec or one.key in self.released

    # Between passes

    def look(self) -> None:
        """Take note of what has stood, what runs no more, and that no object of others was changed."""
        now, pods = self.world.time.seconds, [*self.world.processes()]
        living = [(name, raw) for name, raw in pods if "deletionTimestamp" not in raw["metadata"]]
        whose = [(of_canary(raw) or name, template_of(raw), bool(of_canary(raw))) for name, raw in living]
        there = {(*each, is_ready(raw)) for each, (_, raw) in zip(whose, living, strict=True)}
        ready = {each[:3] for each in there if each[3]}
        self.ready = {each: self.ready.get(each, now) for each in ready}
        seconds = self.seconds - 1.0
        for (name, template, is_canary), since in self.ready.items():
            if now - since >= (seconds if is_canary else MINUTE):
                self.proven.add((name, template))
                self.left.discard((name, template))
        for name, template, is_canary, is_well in there:
            if is_canary and not is_well and (name, template, True) not in ready:
                self.proven.discard((name, template))  # it has crashed: it has to stand again
        for name in self.legit:
            deployment = self.world.deployment(name)
            if deployment is not None and template_of(deployment["spec"]["template"]) not in self.edited:
                runs = {template for own, template, is_canary, _ in there if own == name and not is_canary}
                runs |= {template_of(each["spec"]["template"]) for each in self.world.replica_sets(name)}
                self.legit[name] &= runs | {template_of(deployment["spec"]["template"])}
        *others, newest = self.contents
        may_run = {(name, template) for name, own in self.legit.items() for template in own}
        left = [each for each in others if not each.passed or not may_run.isdisjoint(each.types.items())]
        self.contents = [*left, newest]
        for (kind, name), version in self.world.foreign.items():
            raw = self.world.object(kind, name) or {"metadata": {"resourceVersion": "gone"}}
            assert raw["metadata"]["resourceVersion"] == version, f"(e) {kind} {name}"

    def begin(self) -> None:
        """See how all is before a pass."""
        self.unseen.clear()
        uid = self.world.formation["metadata"]["uid"]
        self.generation = self.world.generation
        lost = [name for name in self.spec["processes"] if self.world.deployment(name) is None]
        is_again = bool(self.uid) and self.uid != uid
        self.is_unmarked |= (is_again or bool(self.world.forged)) and bool(lost)  # nothing says what ran
        if is_again and self.world.has_lost_fields:  # nothing says who has set a count
            self.is_unsure = True
            self.unclear |= {name for name, known in self.counts.items() if 0 in known}
        self.uid = uid
        for each in self.contents:  # where nothing runs, a new version harms nothing
            if not self.has_failed(each):
                each.tried = {name for name in each.tried if self.world.deployment(name) is not None}
        runs = any(count for _, count in self.running())
        is_new = self.leader is not self.world.operator  # it can't know what ran before
        self.leader = self.world.operator
        if not (self.contents[-1].is_seen or runs or is_new):  # nor where it comes while nothing runs
            self.contents[-1].tried.clear()
        self.contents[-1].is_seen |= not self.world.lost  # of a part of it, a pass sees another content
        if self.yields():
            self.contents[-1].tried.clear()
        self.is_unsure |= any(each.carried_out for each in self.world.cluster.incidents)
        newest = self.contents[-1]
        wanted = [each for each in newest.types.items() if self.wants(each[0]) or each[0] in self.unclear]
        unproven = {*wanted} - self.proven
        on_trial = self.seconds and (unproven or not newest.passed)
        is_unknown = self.was_paused or self.is_unmarked or on_trial
        is_sure = self.world.is_calm() and not is_unknown
        newest.begun |= self.passes(newest)
        is_migrated = self.migrated in (None, newest.key) or not newest.release
        self.was_passed = is_sure and is_migrated and self.passes(newest)
        self.endpoints = self.world.endpoints("web")

    def running(self) -> Iterator[tuple[str, int]]:
        """Yield each type with its Deployment's count; all are zero where the app is stopped."""
        for name in self.spec["processes"]:
            yield name, 0 if self.spec.get("suspend") else count_of(self.world.own(name))

    def yields(self) -> bool:
        """Return whether canaries that nobody has declared may lack room for so long that none is needed."""
        controllers, world = self.world.controllers, self.world
        is_refused = any(isinstance(each.error, errors.RefusedError) for each in world.cluster.incidents)
        is_hindered = controllers.quotas or controllers.refused or world.foreign or is_refused
        since = self.world.time().timestamp() - self.contents[-1].at
        has_failed = self.has_failed(self.contents[-1])
        return "canary" not in self.spec and not has_failed and bool(is_hindered) and since >= MINUTE

    def has_failed(self, content: Content) -> bool:
        """Return whether the operator has said that a content has failed, and still can know that."""
        uid = self.world.formation["metadata"]["uid"]
        # A Formation that is made again where none of its Deployments is begins anew.
        begins = content.failed != uid and not any(map(self.world.deployment, content.types))
        is_lost = begins or kinds.CONTROLLER_REVISION in self.world.removed
        return bool(content.failed) and not is_lost

    def end(self) -> None:
        """(c, g) A pass takes no process that serves from the Service of web, and says nothing untrue."""
        self.was_paused = bool(self.spec.get("paused"))
        took = self.world.operator.took
        self.hold(took < 5 or not self.world.fails_alone("notify"), f"(c) {took} s for Events")
        canary = self.world.own("web-canary")  # that may be a type's, too
        own = {"web", "web-canary"} if canary is not None and is_canary(canary) else {"web"}
        serves = not self.spec.get("suspend") and own & {name for name, _ in self.world.ready()}
        is_found = not (self.endpoints and serves) or self.world.endpoints("web")
        self.hold(is_found, "(c) the Service of web finds no process any more")
        for notice in self.world.cluster.notices:
            for name in ORDERS.findall(notice.note):
                assert name in self.spec["processes"], f"(g) {notice.note}"
        self.world.cluster.notices.clear()
        status = self.world.status
        said = json.dumps([status.get("release"), status.get("conditions")])
        is_about_it = status.get("observedGeneration") == self.world.generation
        is_frozen = status == self.world.restored or bool(self.spec.get("paused"))
        if self.world.is_calm() and is_about_it and not is_frozen:
            runs = any(map(count_of, self.world.cluster.there("Deployment")))
            assert runs or "keeps running" not in said, f"(g) {said}"
            since = timestamps.epoch(status.get("canary", {}).get("since", ""))
            times = [each.at for each in self.contents if each.identity == self.contents[-1].identity]
            is_new = since is None or since >= int(min(times))
            assert is_new, f"(g) {status.get('canary')} is older than that"

    def judge_ready(self, raw: Object) -> None:
        """(g) Ready says that all runs as declared, by what was to be seen when that was written."""
        status, spec, lost = raw.get("status", {}), raw["spec"], self.world.lost
        ready = lenient.conditions(status).get("Ready", {}).get("status") == "True"
        if not ready or status["observedGeneration"] != raw["metadata"]["generation"] or lost:
            return
        self.hold("canary" not in status, "(g) it is ready with a canary")
        for name, template in templates_in(spec).items():
            own = self.world.deployment(name)
            runs = own and template_of(own["spec"]["template"])
            self.hold(runs == template, f"(g) it is ready, but {name} has {runs}, not {template}")
            self.judge_figures(name, own or {"metadata": {}, "spec": {}}, spec)

    def judge_figures(self, name: str, own: Object, spec: Object) -> None:
        """(g) Where it is ready, a type has as many processes as are wanted, all of them of its template."""
        count, figures = count_of(own), own.get("status", {})
        figure = {each: figures.get(each, 0) for each in ("replicas", "updatedReplicas", "availableReplicas")}
        is_seen = figures.get("observedGeneration") == own["metadata"].get("generation")
        if spec.get("suspend"):
            is_well = count == 0 and {*figure.values()} == {0}
        elif self.is_open(name):
            is_well = not is_seen or figure["replicas"] == figure["updatedReplicas"]
        else:
            wanted = spec["processes"][name].get("replicas", 1)
            is_well = is_seen and {*figure.values()} == {count} == {wanted}
        self.hold(is_well, f"(g) it is ready, but {name} has {figure} of {count}, seen: {is_seen}")

    def settle(self) -> None:
        """(d, f) See that each count is one that was wished for, once nothing is left to do or to try again.

        Where a webhook on Formations alone is down, each Deployment that was deleted is there again.
        """
        self.look()
        if self.spec.get("suspend") and not self.spec.get("paused"):
            self.judge_stopped()
        if self.spec.get("paused") or self.spec.get("suspend"):
            return
        # A Job that an earlier Formation has left holds up a release until people delete it.
        is_free = all(each["metadata"].get("ownerReferences") for each in self.world.jobs())
        is_well = self.world.is_calm() and not self.world.failures
        if is_free and is_well and self.passes(self.contents[-1]):
            for name in self.spec["processes"]:
                if (deployment := self.world.own(name)) is not None:
                    count = count_of(deployment)
                    self.judge_settled(name, count)
                    if not any(self.world.scalers(name)):
                        self.counts[name], self.fields[name] = {count}, set()
                        self.wishes[name] = count
                    is_one = (name, template_of(deployment["spec"]["template"]))
                    may_not = self.contents[-1].passed and self.is_singleton(name, deployment)
                    may_not = may_not and not any(self.world.scalers(name))
                    (self.single.add if may_not else self.single.discard)(is_one)
            self.is_unsure = self.is_unmarked = False
            # An autoscaler leaves a zero of others as it is, whatever is declared.
            self.unclear &= {name for name in self.unclear if any(self.world.scalers(name))}
        if self.world.fails_alone("patch") and self.contents[-1].passed:
            lost = [name for name in self.spec["processes"] if self.world.deployment(name) is None]
            assert not lost, f"(f) {lost} aren't made again"

    def judge_stopped(self) -> None:
        """(f) Of what is declared nothing runs, and no schedule begins a run."""
        own = {of for name in self.spec["processes"] for of in (name, naming.canary(name))}
        living = {name for name, raw in self.world.processes() if "deletionTimestamp" not in raw["metadata"]}
        runs = [name for name in own & living if not any(self.world.scalers(name))]
        children, schedules = self.world.children(), self.spec.get("schedules", ())
        crons = [children.get((ChildKind.CRON_JOB, name)) for name in schedules]
        begin = [each["metadata"]["name"] for each in crons if each and not each["spec"].get("suspend")]
        fails = self.world.cluster.incidents or self.world.failures
        assert fails or not (runs or begin), f"(f) {runs} and {begin} go on while all is stopped"

    # Once all is well

    def quiet(self) -> None:
        """(d, f, g) See that all runs as was declared and wished for, and that the status says so."""
        status = self.world.status
        canaries = {(ChildKind.DEPLOYMENT, naming.canary(name)) for name in self.spec["processes"]}
        own = {  # what isn't declared any more stays with whoever has orphaned it, but for canaries of types
            each: raw
            for each, raw in self.world.children().items()
            if raw["metadata"].get("ownerReferences") or (each in canaries and is_canary(raw))
        }
        declared = {each for each in children_in(self.spec) if self.has_own(*each)}
        assert own.keys() == declared, f"(f) there are {sorted(own)}, not {sorted(declared)}"
        ready = self.world.condition()
        is_told = ready["status"], status["observedGeneration"]
        assert is_told == ("True", self.world.generation), f"(g) {ready}"
        self.judge_ready(self.world.formation)
        for name in self.spec["processes"]:
            raw, said = own[ChildKind.DEPLOYMENT, name], status["processes"][name]
            count, figures = count_of(raw), raw["status"]
            assert said["desiredReplicas"] == count == figures.get("availableReplicas", 0), f"(g) {said}"
            assert said.get("readyReplicas", 0) == figures.get("readyReplicas", 0), f"(g) {said}"
        revision = status["revision"]["name"]
        kind = kinds.CONTROLLER_REVISION
        is_kept = kind in self.world.removed or self.world.object(kind, revision)
        assert is_kept, f"(g) {status['revision']}"
        self.require()


def is_canary(deployment: Object) -> bool:
    """Return whether a Deployment is a canary's."""
    return bool(of_canary(deployment["spec"]["template"]))


def is_complete(job: Object) -> bool:
    """Return whether a Job has succeeded."""
    return "Complete" in lenient.conditions(job.get("status", {}))


def has_started(pod: Object, job: Object) -> bool:
    """Return whether a Pod is a Job's, and its command runs."""
    is_its = lenient.controller(pod["metadata"]).get("uid") == job["metadata"]["uid"]
    return is_its and bool(pod.get("status", {}).get("phase") == "Running")
