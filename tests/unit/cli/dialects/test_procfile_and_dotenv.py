import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli.dialects import dotenv, procfile
from formation_cli.failures import Mistyped


def test_a_procfile_has_types_and_commands_in_their_order() -> None:
    text = "# our app\r\nweb: serve -p $PORT\r\n\r\nworker:work\r\nrelease: migrate\r\n"
    assert [*procfile.parse(text).items()] == [
        ("web", "serve -p $PORT"),
        ("worker", "work"),
        ("release", "migrate"),
    ]


REFUSED = [
    "web: a\nWeb: b",
    "low_prio: a",
    "run: a",
    "web: a\nweb: b",
    "web: a\nserve it",
    "web: \x1b[2J",
    "web:  ",
    "../../etc/x: a",
    "a" * 60 + ": x",
    "web: " + "a" * 140_000,
]


def test_what_can_not_be_a_process_type_is_refused_with_its_line_and_a_way_out(
    snapshot: SnapshotAssertion,
) -> None:
    said = {}
    for text in REFUSED:
        with pytest.raises(Mistyped) as refused:
            procfile.parse(text)
        said[text[:20]] = f"{refused.value.message} {refused.value.hint}"
    assert said == snapshot


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("A = b c # d", "b c"),
        ("A='b # c'", "b # c"),
        ("A='b \"c\" \\n'", 'b "c" \\n'),
        ('A="b \\"c\\" \\n"', 'b "c" \n'),
        ("A='b\nc'", "b\nc"),
        ("A=$B`id`$(id)", "$B`id`$(id)"),
    ],
)
def test_a_variable_is_read_as_python_dotenv_reads_it(line: str, value: str) -> None:
    assert dotenv.parse(f"# secrets\n\n{line}\n") == {"A": value}
    assert dotenv.parse(f"# secrets\r\n\r\n{line}\r\n") == {"A": value}


@pytest.mark.parametrize(
    "line", ["PASSWORD hunter2", "1A=hunter2", "a.b=hunter2", 'A="hunter2', "A='hunter2", 'A="']
)
def test_what_is_no_variable_is_refused_with_its_line_and_without_what_may_be_secret(line: str) -> None:
    with pytest.raises(Mistyped, match=r"\.env, line 4: ") as refused:
        dotenv.parse(f"B='1\n'\n\n{line}\n")
    assert "hunter2" not in refused.value.message + refused.value.hint
    assert refused.value.hint


def test_more_variables_than_a_formation_can_have_are_refused() -> None:
    with pytest.raises(Mistyped, match="line 257: more than 256 variables"):
        dotenv.parse("".join(f"A{number}=1\n" for number in range(300)))
