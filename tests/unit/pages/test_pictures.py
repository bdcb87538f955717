"""The pictures of docs/concepts.md: they say what the code does, and can be read anywhere."""

import itertools
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from crds.generate import pictures
from crds.generate.pictures import counts
from formation_operator.replicas import count_owner
from tests.shared import builders, documents
from tests.unit.facts import HPA, a_child, parsed

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ElementTree.Element:
    """Return the elements of a picture."""
    return ElementTree.fromstring(text)


def test_the_objects_are_those_that_the_operator_makes_of_the_readmes_formation() -> None:
    (shop,) = (shown for place, shown in documents.objects() if place.startswith("README.md"))
    made = {
        (each["kind"], each["metadata"]["name"].replace("0" * 32, "<digest>"))
        for each in documents.made(shop)
    }
    texts = [line.text for line in drawn(pictures.objects.picture().text()).iter(f"{SVG}text")]
    boxes = {
        (kind, name)
        for kind, name in itertools.pairwise(texts)
        if kind and name and re.fullmatch("[A-Z]\\w+", kind)
    }
    assert made <= boxes
    assert {kind for kind, name in boxes - made} == {"ControllerRevision"}


ASKED: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "Is suspend true?": ({"suspend": True}, {"replicas": 2, "singleton": True}, HPA),
    "Does an HPA or KEDA scale the Deployment?": ({}, {"replicas": 2, "singleton": True}, HPA),
    "Is replicas set?": ({}, {"replicas": 2, "singleton": True}, None),
    "Is it a singleton?": ({}, {"singleton": True}, None),
    "": ({}, {}, None),
}
"""A Formation for each question: its answer is yes, and so are those of all questions below it."""
WRITES = {"0": 0, "the autoscaler's": None, "the Formation's": 2, "1": 1, "": None}
"""What the operator writes of a count of 5, by what the picture says."""


@pytest.mark.parametrize("asks", ASKED)
def test_the_first_question_with_the_answer_yes_decides_about_a_count(asks: str) -> None:
    spec, fields, autoscaler = ASKED[asks]
    formation = parsed(builders.a_formation(processes={"worker": builders.a_process(**fields)}, **spec)).spec
    child = a_child(replicas=5)
    process, suspended = formation.processes["worker"], bool(formation.suspend)
    decided = count_owner.decide(process, child, autoscaler, suspended=suspended)
    (says,) = [each.gives for each in counts.QUESTIONS if " ".join(each.asks) == asks] or [""]
    assert decided.rendered == WRITES[says]


def test_each_question_but_the_one_of_the_pass_is_tried() -> None:
    first, *others = (" ".join(each.asks) for each in counts.QUESTIONS)
    assert first == "Is the Formation paused?"  # then nothing is decided at all
    assert [*others, ""] == [*ASKED]
