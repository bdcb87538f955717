"""What the operator at work says of itself, to Prometheus and to probes."""

from prometheus_client.parser import text_string_to_metric_families

from hack.local_http import text_of
from hack.operator_process import OperatorProcess
from tests.live.client import Client, eventually
from tests.shared.builders import a_formation

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(operator: OperatorProcess) -> Samples:
    families = text_string_to_metric_families(text_of(f"http://{operator.metrics}/metrics", seconds=10))
    return {
        (sample.name.removeprefix("formation_operator_"), frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def test_a_formation_is_in_the_metrics_with_what_it_took(operator: OperatorProcess, user: Client) -> None:
    before = scraped(operator)
    user.apply(a_formation())
    about = {"namespace": user.namespace, "formation": "shop", "process_type": "worker"}

    def listed() -> bool:
        return value(scraped(operator), "process_type_replicas_desired", **about) == 1

    eventually(listed)
    after = scraped(operator)
    for name, labels in (
        ("passes_total", {"result": "success"}),
        ("api_requests_total", {"verb": "patch", "code": "200"}),
        ("api_requests_total", {"verb": "apply", "code": "201"}),
    ):
        assert (value(after, name, **labels) or 0) > (value(before, name, **labels) or 0)
    assert value(after, "leader") == 1
    assert (value(after, "watch_age_seconds", kind="Formation") or 0) < 75
