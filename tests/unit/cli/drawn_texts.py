"""Texts that hypothesis draws: what others may write into their files."""

from hypothesis import strategies as st

from formation_cli.dialects import dotenv, shell

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ONE_LINE = TEXT.filter(lambda text: not shell.CONTROL.search(text))
SHELLY = st.text(st.sampled_from("ab $(){}'\"\\;&|PORT#=-~*\t!"), max_size=20)
"""What means something to a shell."""
VARIABLES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
"""Names of variables."""


def has_a_line(variable: tuple[str, str]) -> bool:
    try:
        dotenv.check(*variable)
    except ValueError:
        return False
    return True


ENV = st.lists(st.tuples(VARIABLES, TEXT).filter(has_a_line), max_size=5).map(dict)
"""Variables that a `.env` file can say."""
