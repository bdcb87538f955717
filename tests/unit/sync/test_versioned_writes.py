"""What makes a write a conflict, instead of one over what another client has written."""

import pytest

from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.sync import versioned_writes
from tests.unit.facts import INTENT
from tests.unit.fakes.cluster import FakeCluster


@pytest.mark.parametrize("other", [{"uid": "of another"}, {"resourceVersion": "1000"}], ids=str)
async def test_a_patch_of_another_object_or_of_another_version_is_a_conflict(other: dict[str, str]) -> None:
    cluster = FakeCluster()
    there = cluster.put(ChildKind.DEPLOYMENT, INTENT.manifest)["metadata"]
    operation = {"op": "add", "path": "/spec/replicas", "value": 9}
    with pytest.raises(errors.ConflictError):
        await cluster.patch(
            ChildKind.DEPLOYMENT,
            there["namespace"],
            there["name"],
            [*versioned_writes.unchanged({**there, **other}), operation],
        )
