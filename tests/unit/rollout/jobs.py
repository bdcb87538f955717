"""Jobs of releases as the operator knows them."""

from formation_operator.kube.objects.lenient import Condition
from formation_operator.observe.jobs import Job
from tests.shared.builders import ago


def a_job(  # noqa: PLR0913  # each fact may be the one that a test is about
    digest: str,
    *,
    key: str = "",
    complete: bool = False,
    failed: bool = False,
    over: bool = True,
    left: bool = False,
    deleting: bool = False,
    created: float = 1.0,
) -> Job:
    """Return the Job of a release, which is under way unless it says otherwise."""
    done = complete or failed
    return Job(
        namespace="default",
        name=f"shop-release-{digest}",
        uid=f"uid-{digest}",
        resource_version="1",
        formation="shop",
        owner="uid-1",
        digest=digest,
        key=key or f"key-of-{digest}",
        created=created,
        created_at=ago(0),
        finished_at=ago(0) if done else "",
        complete=complete,
        failed=Condition("BackoffLimitExceeded", "Job has reached the backoff limit") if failed else None,
        over=done and over,
        suspended=False,
        left=left,
        deleting=deleting,
        active=0 if done else 1,
        pods_failed=1 if failed else 0,
    )
