"""What the demo deletes on somebody's cluster, and what it tells them to delete."""

import pytest

from tests.demo.stage import Stage, WrongError
from tests.demo.traces import SHARED, Traces

CRD = "customresourcedefinition.apiextensions.k8s.io/formations.formations.dev"


class Theirs(Stage):
    """A cluster on which somebody makes a Formation while the operator's rights are deleted."""

    def run(self, *arguments: str, **_: object) -> str:
        if "formations" in arguments:
            return "team/shop " if any(SHARED[0] in each for each in DELETED) else ""
        if "delete" in arguments:
            DELETED.append(arguments)
        return CRD if "crds/" in arguments else ""


DELETED: list[tuple[str, ...]] = []


def test_a_crd_is_not_deleted_once_somebody_else_has_a_formation() -> None:
    DELETED.clear()
    with pytest.raises(WrongError, match="the CRD stays: team/shop"):
        Traces(Theirs("kubectl", "formation-demo")).delete_rest()
    assert not any("crds/" in each for each in DELETED)


def test_whoever_deletes_the_rest_by_hand_is_told_what_goes_with_the_crd() -> None:
    *_, warning, last = Traces(Stage("kubectl", "formation-demo")).by_hand().splitlines()
    assert "every Formation of the cluster" in warning
    assert last.endswith("delete -k crds/")
