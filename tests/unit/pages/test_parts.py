"""A generated part of a page is replaced, and a page has no part that nothing generates."""

import pytest

from crds.generate.pages import parts

PAGE = f"# Page\n\n{parts.BEGIN.format(source='a file')}old{parts.END}\n\nby hand\n"


def test_only_the_part_is_replaced() -> None:
    assert parts.filled(PAGE, {"a file": "new"}) == PAGE.replace("old", "new")


@pytest.mark.parametrize("made", [{}, {"another": ""}, {"a file": "", "another": ""}], ids=str)
def test_a_page_with_other_parts_is_refused(made: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a page has"):
        parts.filled(PAGE, made)


def test_a_text_with_marks_of_a_table_breaks_none() -> None:
    assert parts.table(["a"], [["x|y\n<z>"]]) == "| a |\n|---|\n| x\\|y &lt;z> |"
