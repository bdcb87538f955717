"""Which tests are handed to the same process: those of a module whose costly fixture serves all of them."""

from xdist.scheduler import LoadScopeScheduling

WHOLE = (
    "tests/e2e/test_why_it_is_down.py",
    "tests/e2e/test_systemd.py",
    "tests/systems/test_process_models.py",
)


class Scheduling(LoadScopeScheduling):
    """Hands out each test by itself, but for those that belong together."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """Return what a test belongs to: a parameter of a module's, or else all that have none; or itself.

    >>> scope("tests/systems/test_process_models.py::test_web_answers[jvm]")
    'tests/systems/test_process_models.py[jvm]'
    >>> scope("tests/contract/test_keda.py::test_it")
    'tests/contract/test_keda.py::test_it'
    """
    module, _, test = nodeid.partition("::")
    if module not in WHOLE:
        return nodeid
    if module == WHOLE[0]:
        return module
    return f"{module}[{test.partition('[')[2]}"
