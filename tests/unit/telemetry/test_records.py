"""What the log says of a decision, for people and, as JSON, for programs."""

import io
import json
import logging
from typing import Any

import kopf
import pytest

from formation_operator.observe.faults import Faults
from tests.shared.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Any:
    """The log as ``--log-format json`` writes it."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = [*root.handlers], root.level
    kopf.configure(log_format=kopf.LogFormat.JSON)
    ours = [each for each in root.handlers if isinstance(each, logging.StreamHandler) and each not in before]
    for handler in ours:
        handler.setStream(stream)
    yield stream
    for handler in ours:
        root.removeHandler(handler)
    root.setLevel(level)


async def test_each_object_that_is_written_is_a_line_with_its_formation_and_type(log: io.StringIO) -> None:
    cluster = FakeCluster()
    cluster.put("Formation", a_formation("shop"))
    await Operator(cluster, Time()).work()
    created = [line for line in lines(log) if "create Deployment" in line["message"]]
    assert [(each["namespace"], each["formation"], each["process_type"]) for each in created] == [
        ("default", "shop", "worker")
    ]


async def test_an_unexpected_error_is_one_line_and_one_record(log: io.StringIO) -> None:
    Faults(("default", "shop")).note("web", KeyError("two\nlines"))
    (line,) = lines(log)
    assert (line["formation"], line["process_type"]) == ("shop", "web")
    assert len(log.getvalue().splitlines()) == 1
