"""What is remembered of a Job of ours, and which of its changes matter."""

import copy
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.kube.objects import kinds, lenient
from formation_operator.observe import jobs
from formation_operator.observe.cache import Basis, Cache
from formation_operator.observe.jobs import Job
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane
from formation_operator.shares import size_of
from tests.shared.builders import (
    Manifest,
    a_formation,
    a_pod,
    a_release_job,
    a_release_pod,
    ago,
    condition,
    stored,
)
from tests.unit.broken_pods import MEAN, paths
from tests.unit.facts import a_child

SHOP = ("default", "shop")
DECIDED = condition("FailureTarget", reason="BackoffLimitExceeded", message="too many")
FAILED = condition("Failed", since=5, reason="BackoffLimitExceeded", message="too many")
COMPLETE = condition("Complete", since=9)


def known(raw: Manifest) -> Job:
    job = jobs.job(raw)
    assert job is not None
    return job


FACTS = {
    "it runs": a_release_job(condition("Complete", status=False), status={"active": 1, "failed": 2}),
    "it has succeeded": a_release_job(COMPLETE),
    "it has failed, and its last Pod is still there": a_release_job(DECIDED),
    "it has failed": a_release_job(FAILED, DECIDED),
    "it failed before anything was decided": a_release_job(FAILED),
    "it is suspended and being deleted": {
        **a_release_job(deletionTimestamp=ago(1)),
        "spec": {"suspend": True},
    },
}


@pytest.mark.parametrize("raw", FACTS.values(), ids=FACTS)
def test_how_a_job_is_and_how_it_ended_is_known(raw: Manifest, snapshot: SnapshotAssertion) -> None:
    assert dataclasses.asdict(known(raw)) == snapshot


@pytest.mark.parametrize("labels", [{}, None, {naming.RELEASE_LABEL: "x"}, {naming.FORMATION_LABEL: "shop"}])
def test_nothing_is_kept_of_a_job_whose_labels_name_no_release(labels: Any) -> None:
    assert jobs.job(a_release_job(labels=labels)) is None


@pytest.mark.parametrize(
    "owner",
    [
        {"apiVersion": "formations.dev/v1", "kind": "Formation", "uid": "uid-1"},
        {"apiVersion": "batch/v1", "kind": "CronJob", "uid": "uid-1", "controller": True},
        {"apiVersion": "example.com/v1", "kind": "Formation", "uid": "uid-1", "controller": True},
    ],
    ids=str,
)
def test_only_a_formation_that_controls_a_job_is_its_owner(owner: Manifest) -> None:
    assert known(a_release_job(ownerReferences=[owner])).owner == ""


def test_of_two_that_were_made_in_one_second_the_one_that_goes_on_is_the_newer_one() -> None:
    done, under_way = known(a_release_job(COMPLETE)), known(a_release_job())
    done, under_way = dataclasses.replace(done, name="z"), dataclasses.replace(under_way, name="a")
    assert jobs.in_order([under_way, done], done.owner) == [done, under_way]


def test_a_job_keeps_little_however_large_it_is() -> None:
    large = "x" * 200_000
    failed = condition("Failed", reason=large, message=large)
    owner = {"apiVersion": "formations.dev/v1", "kind": "Formation", "uid": large, "controller": True}
    annotations = {naming.RELEASE_KEY_ANNOTATION: large}
    job = known(a_release_job(failed, annotations=annotations, ownerReferences=[owner]))
    texts = [value for value in dataclasses.astuple(job) if isinstance(value, str)]
    assert max(map(len, (*texts, *(job.failed or ())))) <= lenient.LONGEST
    assert size_of(known(a_release_job())) < size_of(job) < 5 * lenient.LONGEST


IDENTITY = {("metadata", key) for key in ("name", "namespace", "uid", "resourceVersion")}
WHOLE = a_release_job(COMPLETE, DECIDED, status={"active": 1, "failed": 1})
PATHS = [path for path in paths(WHOLE) if path not in IDENTITY]


@given(st.sampled_from(PATHS), MEAN)
def test_no_job_ends_a_watch(path: tuple[Any, ...], value: Any) -> None:
    raw = copy.deepcopy(WHOLE)
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    job = jobs.job(raw)
    assert jobs.lane_of(None, job) == (Lane.CHANGE if job else None)


RUNS = a_release_job()
CHANGES = {
    "it is new": (None, RUNS, Lane.CHANGE),
    "it is gone": (RUNS, None, Lane.CHANGE),
    "it has succeeded": (RUNS, a_release_job(COMPLETE), Lane.CHANGE),
    "it has failed": (RUNS, a_release_job(DECIDED), Lane.CHANGE),
    "its last Pod is gone": (a_release_job(DECIDED), a_release_job(DECIDED, FAILED), Lane.CHANGE),
    "it is being deleted": (RUNS, a_release_job(deletionTimestamp=ago(1)), Lane.CHANGE),
    "another one has its name": (RUNS, a_release_job(uid="job-2"), Lane.CHANGE),
    "its Pod has started": (RUNS, a_release_job(status={"active": 1}), Lane.REPORT),
    "nothing that is known has changed": (
        RUNS,
        a_release_job(status={"ready": 1}, resourceVersion="2"),
        None,
    ),
}


@pytest.mark.parametrize(("before", "now", "lane"), CHANGES.values(), ids=CHANGES)
def test_what_decides_about_a_release_is_a_change_and_all_else_a_report(
    before: Manifest | None, now: Manifest | None, lane: Lane | None
) -> None:
    change = Change(kinds.JOB, known(before) if before else None, known(now) if now else None)
    assert Cache().concerned(change) == ({SHOP: lane} if lane is not None else {})


def test_the_cache_knows_the_jobs_of_a_formation() -> None:
    cache = Cache()
    for version, digest in enumerate(("abcdefghij", "klmnopqrst"), start=1):
        cache.see(kinds.JOB, a_release_job(digest=digest, resourceVersion=f"{version}"))
    labels = {naming.FORMATION_LABEL: "blog", naming.RELEASE_LABEL: "abcdefghij"}
    cache.see(kinds.JOB, a_release_job(name="blog-release-abcdefghij", labels=labels))
    assert {job.digest for job in cache.jobs_of(SHOP)} == {"abcdefghij", "klmnopqrst"}
    assert [job.name for job in cache.jobs_of(("default", "blog"))] == ["blog-release-abcdefghij"]
    cache.drop(kinds.JOB, ("default", "shop-release-abcdefghij"), 9)
    assert [job.digest for job in cache.jobs_of(SHOP)] == ["klmnopqrst"]


def test_the_pods_of_releases_are_known_apart_from_processes() -> None:
    cache = Cache()
    unready = (condition("Ready", status=False),)
    cache.see(kinds.POD, a_pod(conditions=unready))
    cache.see(kinds.POD, a_release_pod(conditions=unready))
    assert {pod.name: pod.job for pod in cache.pods_of(SHOP)} == {
        "shop-worker-1": "",
        "shop-release-1": "shop-release-abcdefghij",
    }


def test_a_pass_compares_no_jobs_so_that_a_change_during_it_requests_another_one() -> None:
    basis = Basis(stored(a_formation()), {})
    assert basis.will_compare(Change("Deployment", a_child(), None))
    assert not basis.will_compare(Change(kinds.JOB, None, known(RUNS)))


def test_a_kind_is_forbidden_in_the_namespace_that_refuses_it_or_in_all() -> None:
    cache = Cache()
    cache.set_forbidden(kinds.JOB, "left", forbidden=True)
    assert [cache.is_forbidden(kinds.JOB, each) for each in ("left", "right")] == [True, False]
    assert not cache.is_forbidden(kinds.POD, "left")
    cache.set_forbidden(kinds.JOB, "left", forbidden=False)
    cache.set_forbidden(kinds.JOB, None, forbidden=True)
    assert cache.is_forbidden(kinds.JOB, "right")


def a_run(*conditions: Manifest, owner: str = "CronJob", **labels: str) -> Manifest:
    """Return the Job of a schedule's run."""
    raw = a_release_job(*conditions)
    reference = {"apiVersion": "batch/v1", "kind": owner, "name": "shop-report", "uid": "cron-1"}
    metadata = {
        **raw["metadata"],
        "labels": {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "report", **labels},
        "ownerReferences": [{**reference, "controller": True}],
    }
    return {**raw, "metadata": metadata}


def test_a_run_is_known_by_its_schedule_and_its_cron_job() -> None:
    run = known(a_run(FAILED))
    assert (run.schedule, run.owner, run.digest) == ("report", "cron-1", "")
    assert known(a_run(owner="Formation")).owner == ""
    both = known(a_run(**{naming.RELEASE_LABEL: "abcdefghij"}))
    assert (both.schedule, both.digest, both.owner) == ("", "abcdefghij", "")


def test_no_change_of_a_run_is_urgent() -> None:
    runs, failed = known(a_run()), known(a_run(FAILED))
    assert {jobs.lane_of(None, runs), jobs.lane_of(runs, failed), jobs.lane_of(failed, None)} == {Lane.REPORT}
    assert jobs.lane_of(runs, runs) is None
