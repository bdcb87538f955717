"""The short part of `make fuzz`: the same Formations each time, beside other tests."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.fuzz.run import fuzz
from tests.fuzz.trial import Trial
from tests.live.client import Client
from tests.live.namespaces import HELD, fresh_namespace

CASES, SEED = 40, 1


@pytest.fixture
def trial(installed: Cluster, operator: OperatorProcess) -> Iterator[Trial]:
    """Two tenants of the operator."""
    with fresh_namespace(installed, HELD) as one, fresh_namespace(installed, HELD) as other:
        yield Trial(Client(installed, one), Client(installed, other), operator)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_hostile_formations_are_refused_or_made_or_told_why_not_and_harm_nobody_else(trial: Trial) -> None:
    fuzz(trial, CASES, SEED, (Phase.generate,))

    print(trial)
    assert trial.verdicts.total() >= CASES
    assert {"refused", "made"} <= set(trial.verdicts)
