"""As many hostile Formations as are asked for, some at once, by a seed."""

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.hostile import formations
from tests.fuzz.trial import AT_ONCE, Trial
from tests.shared.builders import Manifest


def fuzz(trial: Trial, cases: int, number: int, phases: tuple[Phase, ...]) -> None:
    """Have a trial survive so many Formations, rounded up to what is sent at once."""

    @seed(number)
    @settings(
        max_examples=-(-cases // AT_ONCE),
        phases=phases,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(formations(), min_size=AT_ONCE, max_size=AT_ONCE))
    def survived(some: list[Manifest]) -> None:
        trial.survive(some)

    survived()
