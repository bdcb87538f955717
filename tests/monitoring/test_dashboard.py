"""Each panel of the dashboard shows something of a real run."""

import json
import math
import time

import pytest

from hack.cluster import paths
from tests.live.client import Client, eventually
from tests.monitoring import prometheus
from tests.shared.builders import a_formation, a_process

pytestmark = [pytest.mark.long, pytest.mark.node]

DASHBOARD = paths.ROOT / "manifests" / "monitoring" / "dashboard.json"
PAUSE = 12
"""Seconds between two changes."""
WINDOW = "10s"
"""Grafana puts its own here: some scrapes, so that there is a rate."""


def expressions() -> dict[str, list[str]]:
    """Return what each panel asks, by its title."""
    return {
        panel["title"]: [target["expr"].replace("$__rate_interval", WINDOW) for target in panel["targets"]]
        for panel in json.loads(DASHBOARD.read_text())["panels"]
    }


def is_answered(server: str, asks: list[str], since: float) -> bool:
    """Tell whether each has had a series from then to now that is a number."""
    span = {"start": since, "end": time.time(), "step": 1.0}
    answers = [prometheus.asked(server, "query_range", query=each, **span)["result"] for each in asks]
    return all(
        any(math.isfinite(float(value)) for each in series for _, value in each["values"])
        for series in answers
    )


def some_work(user: Client, image: str) -> None:
    """Have people work with some Formations for a while; one of them never becomes ready."""
    web, worker = a_process("/shop", "web", replicas=2, port=8080), a_process("/shop", "worker", replicas=1)
    for name in ("shop", "blog", "mail"):
        user.apply(a_formation(name, image=image, processes={"web": web, "worker": worker}))
    for count in (3, 1, 4, 2, 3, 2):
        time.sleep(PAUSE)
        for name in ("shop", "blog"):
            user.merge("formation", name, {"spec": {"processes": {"web": {"replicas": count}}}})
        if count == 4:
            user.apply(
                a_formation("broken", image="registry.invalid/shop:v1", processes={"web": a_process()})
            )
    time.sleep(PAUSE)


def test_each_panel_of_the_dashboard_shows_what_happens(user: Client, shop: str, server: str) -> None:
    eventually(lambda: prometheus.asked(server, "query", query="formation_operator_leader").get("result"))
    began = time.time()

    some_work(user, shop)

    assert [title for title, asks in expressions().items() if not is_answered(server, asks, began)] == []
