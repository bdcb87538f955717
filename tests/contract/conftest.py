"""The operator that a test may stop."""

from collections.abc import Iterator

import pytest

from tests.operator_process import OperatorProcess


@pytest.fixture
def interrupted(operator: OperatorProcess) -> Iterator[OperatorProcess]:
    """The operator, which the test may stop."""
    yield operator
    operator.restart()
