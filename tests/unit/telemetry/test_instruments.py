"""What is counted of passes, requests, watches and the queue."""

from formation_operator.controller.queueing.queue import Queue
from formation_operator.requeue import Lane, Result, Retry
from formation_operator.settings import Settings
from formation_operator.telemetry.instruments import Instruments

KEY = ("default", "shop")


def value(instruments: Instruments, name: str, **labels: str) -> float | None:
    return instruments.registry.get_sample_value(f"formation_operator_{name}", labels)


RESULTS = {Retry.NONE: "success", Retry.PASSING: "retry", Retry.LASTING: "stuck", None: "error"}
"""By what a pass leaves; nothing stands for an unexpected error."""


def test_a_pass_is_counted_by_what_it_leaves_and_every_result_is_there_before_it_happens() -> None:
    instruments = Instruments()
    for number, (retry, result) in enumerate(RESULTS.items(), 1):
        assert value(instruments, "passes_total", result=result) == 0
        instruments.passed(retry, 0.1)
        assert value(instruments, "passes_total", result=result) == 1
        assert value(instruments, "pass_duration_seconds_count") == number


def test_a_request_is_counted_by_verb_and_code_also_one_without_an_answer() -> None:
    instruments = Instruments()
    instruments.requested("apply", 200, 0.01)
    instruments.requested("apply", None, 30.0)
    assert value(instruments, "api_requests_total", verb="apply", code="200") == 1
    assert value(instruments, "api_requests_total", verb="apply", code="none") == 1
    assert value(instruments, "api_request_duration_seconds_count", verb="apply") == 2


def test_a_watch_is_as_old_as_its_last_word_and_a_kind_as_the_oldest_of_its_watches() -> None:
    instruments = Instruments()
    instruments.watch(["Pod", "Service"], ["left", "right"])
    instruments.reached("Pod", "left")
    assert value(instruments, "watch_age_seconds", kind="Pod") == float("inf"), "one was never heard"
    instruments.reached("Pod", "right")
    first = value(instruments, "watch_age_seconds", kind="Pod")
    instruments.reached("Pod", "right")
    second = value(instruments, "watch_age_seconds", kind="Pod")
    assert first is not None
    assert second is not None
    assert 0 <= first <= second < 60
    assert value(instruments, "watch_age_seconds", kind="Service") == float("inf")


async def test_what_waits_for_its_turn_is_counted_by_lane_with_the_age_of_the_oldest() -> None:
    async def run(_: tuple[str, str]) -> Result:
        return Result()

    queue = Queue(run, Settings(workers=1, retry_first=1, retry_most=1), jitter=lambda: 0.0)
    instruments = Instruments()
    instruments.look_at(lambda: True, queue.depth, queue.oldest)
    assert value(instruments, "queue_oldest_request_age_seconds") == 0

    queue.add(KEY, Lane.BUILD)
    queue.add(("default", "other"), Lane.CHANGE)

    assert value(instruments, "leader") == 1
    assert value(instruments, "queue_depth", lane="build") == 1
    assert value(instruments, "queue_depth", lane="change") == 1
    assert value(instruments, "queue_depth", lane="report") == 0
    age = value(instruments, "queue_oldest_request_age_seconds")
    assert age is not None
    assert age > 0
    queue.forget(KEY)
    queue.forget(("default", "other"))
    assert value(instruments, "queue_oldest_request_age_seconds") == 0
