"""An operator for one namespace, whose Role is that of a version without releases."""

import pytest

from tests import releases
from tests.client import Client
from tests.cluster import paths
from tests.contract.namespaced import NAME, rights
from tests.contract.without_jobs import check_without_jobs
from tests.faults.replicas import PLACE, release
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.alone, pytest.mark.long]


def test_an_operator_for_one_namespace_may_lack_the_right_to_jobs_too(
    user: Client, interrupted: OperatorProcess
) -> None:
    cluster = user.cluster
    interrupted.stop()
    user.server.delete("clusterrolebinding", "", NAME)
    granted = rights(cluster, user.namespace)
    for item in granted:
        kept = [each for each in item.get("rules", []) if each["resources"] != ["jobs"]]
        user.apply({**item, "rules": kept} if kept else item)
    release(cluster)
    try:
        interrupted.start(f"--namespace={user.namespace}", f"--lease={'/'.join(PLACE)}")
        check_without_jobs(user, interrupted)
        for item in granted:
            user.apply(item)
        releases.succeeded(user)
        assert releases.images(user)["shop-worker"] == "shop:v2"
    finally:
        interrupted.stop()
        cluster.run_kubectl("apply", "-k", str(paths.ROOT / "manifests" / "rbac"))
