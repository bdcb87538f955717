"""Each panel of the dashboard shows something of a real run; the picture in the docs is of one."""

import json
import math
import re
import time
from typing import NamedTuple

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import paths
from tests.monitoring import picture, prometheus
from tests.monitoring.picture import Panel

pytestmark = [pytest.mark.long, pytest.mark.node]

DASHBOARD = paths.ROOT / "manifests" / "monitoring" / "dashboard.json"
PICTURE = paths.ROOT / "docs" / "dashboard.svg"
PAUSE = 12
"""Seconds between two changes."""
WINDOW = "10s"
"""Grafana puts its own here: some scrapes, so that there is a rate."""
LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Asked(NamedTuple):
    """What a panel asks."""

    expression: str
    legend: str
    """How a series is called, with its labels in braces."""


def asked() -> dict[str, Asked]:
    """Return what each panel asks, by its title."""
    return {
        panel["title"]: Asked(target["expr"].replace("$__rate_interval", WINDOW), target["legendFormat"])
        for panel in json.loads(DASHBOARD.read_text())["panels"]
        for target in panel["targets"]
    }


def answered(server: str, panel: Asked, since: float) -> Panel:
    """Return the series of a panel from then to now, without those that were never a number."""
    question = prometheus.asked(
        server, "query_range", query=panel.expression, start=since, end=time.time(), step=1.0
    )
    series = {
        called(panel.legend, each["metric"]): [
            (float(at) - since, float(value)) for at, value in each["values"] if math.isfinite(float(value))
        ]
        for each in question["result"]
    }
    return {name: points for name, points in series.items() if points}


def called(legend: str, labels: dict[str, str]) -> str:
    """Return the name of a series with these labels."""
    return LABEL.sub(lambda name: labels.get(name[1], ""), legend)


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


def test_each_panel_of_the_dashboard_shows_what_happens(
    user: Client, shop: str, server: str, pytestconfig: pytest.Config
) -> None:
    eventually(lambda: prometheus.asked(server, "query", query="formation_operator_leader").get("result"))
    began = time.time()

    some_work(user, shop)

    panels = {title: answered(server, panel, began) for title, panel in asked().items()}
    assert [title for title, panel in panels.items() if not panel] == []
    if pytestconfig.getoption("update_golden"):
        PICTURE.write_text(picture.of(panels).replace(user.namespace, "team-a"))
