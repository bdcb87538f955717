"""What ``kubectl formation`` says on a cluster that doesn't know Formations, or not as this version does."""

import json
from collections.abc import Iterator

import pytest

from formation_cli import failures
from tests import builders
from tests.client import Client, established, eventually
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.kustomization import load
from tests.operator_process import OperatorProcess
from tests.plugin import Plugin

pytestmark = pytest.mark.alone

CRDS = paths.ROOT / "crds"


@pytest.fixture
def changing(user: Client, installed: Cluster, interrupted: OperatorProcess) -> Iterator[Cluster]:
    """The cluster, whose CRD may be changed; afterwards it is as it was."""
    yield installed
    installed.run_kubectl("apply", "-k", str(CRDS))
    established(user, "formations.formations.dev")


def test_where_there_is_no_crd_the_way_to_one_is_told(changing: Cluster, formation: Plugin) -> None:
    changing.run_kubectl("delete", "-k", str(CRDS))
    eventually(lambda: formation.within("ps", code=3))  # it may be served for a moment longer
    for words in ("ps", "ps shop --watch", "scale shop web=2", "logs shop", "run shop -- /shop migrate"):
        code = failures.OURS if words.startswith("run") else 3  # what `run` ends with is its command's own
        done = formation.within(*words.split(), code=code)
        assert done.stderr.startswith("Error: This cluster doesn't know Formations.\n"), words
        assert "kubectl apply -k crds/" in done.stderr


def test_a_field_that_an_older_crd_lacks_is_named(changing: Cluster, user: Client, formation: Plugin) -> None:
    user.apply(builders.a_formation())
    (crd,) = load(CRDS / "formations.yaml")
    (version,) = crd["spec"]["versions"]
    del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["suspend"]
    changing.run_kubectl("apply", "-f", "-", stdin=json.dumps(crd))
    # It is in force a moment later.
    done = eventually(lambda: formation.within("stop", "shop", "--dry-run", code=1))
    assert "The cluster doesn't know the field spec.suspend." in done.stderr
    assert "its administrator applies the newer crds/" in done.stderr
    assert "suspend" not in user.get("formation", "shop")["spec"]
