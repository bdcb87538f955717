"""The session in docs/cli.md is the one that is recorded."""

import html
import re

from tests import session


def test_the_picture_shows_what_is_typed() -> None:
    texts = re.findall(r"<text[^>]*>([^<]*)", session.PICTURE.read_text())
    shown = [html.unescape(each).replace("\xa0", " ").strip() for each in texts]
    typed = [each.removeprefix("$ ") for each in shown if each.startswith("$ ")]
    assert typed == [f"kubectl formation {words}" for words, _ in session.STEPS]
