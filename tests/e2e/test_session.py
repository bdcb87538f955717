"""The picture of a session shows what a terminal shows today. Where it doesn't, it is recorded again."""

import pathlib
import re

import pytest

from hack.cluster.cluster import Cluster
from hack.images import shop_image
from hack.operator_process import OperatorProcess
from tests.live import once, session
from tests.live.client import Client
from tests.live.namespaces import fresh_namespace

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]

ROW = re.compile(r"^(\S+) .* {3}.*$")
"""A row of a table, of which only the first word is the same each time."""
VARIES = re.compile(
    r"-[a-z0-9]{8,10}-[a-z0-9]{5}\b"  # of a Pod's name
    r"|\.[a-z0-9]{5}\b"  # of a short name
    r"|\d{4}-\d\d-\d\dT[\d:]+Z|\d+s\b"
    r"|\bjob \d+ (?:started|done)|\(\d+ restarts?\)"
)
"""What is another one each time."""


def said(lines: list[str]) -> list[set[str]]:
    """Return the words of each command and of what it shows, however a terminal wraps them."""
    rows = (ROW.sub(r"\1", line) if "|" not in line else line for line in lines)
    return [{*VARIES.sub(" ", step).split()} for step in "\n".join(rows).split("$ ")]


def test_the_picture_shows_what_a_terminal_shows(
    real_node: Cluster, operator: OperatorProcess, shop: None, tmp_path: pathlib.Path
) -> None:
    once.load(real_node, shop_image.build("v3"))
    with fresh_namespace(real_node) as namespace:
        recorded = session.picture(session.record(Client(real_node, namespace), tmp_path))
    before, now = said(session.lines()), said(session.lines(recorded))
    if before != now:
        session.PICTURE.write_text(recorded)
    assert before == now, f"{session.PICTURE.name} is recorded again: look at what has changed"
