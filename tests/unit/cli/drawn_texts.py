"""Texts that hypothesis draws: what others may write into their files."""

from hypothesis import strategies as st

from formation_cli.dialects import shell

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ONE_LINE = TEXT.filter(lambda text: not shell.CONTROL.search(text))
SHELLY = st.text(st.sampled_from("ab $(){}'\"\\;&|PORT#=-~*\t!"), max_size=20)
"""What means something to a shell."""
VARIABLES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
"""Names of variables."""
