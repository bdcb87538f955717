import pytest
from hypothesis import given

from formation_cli.dialects import dotenv, procfile
from formation_cli.failures import Mistyped
from tests.unit.cli.drawn_texts import ENV


def test_a_procfile_has_types_and_commands_in_their_order() -> None:
    text = "# our app\r\nweb: serve -p $PORT\r\n\r\nworker:work\r\nrelease: migrate\r\n"
    assert [*procfile.parse(text).items()] == [
        ("web", "serve -p $PORT"),
        ("worker", "work"),
        ("release", "migrate"),
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("web: a\nWeb: b", "Procfile, line 2: 'Web' can't be the name of a process type", "Try web."),
        ("low_prio: a", "line 1: 'low_prio' can't be the name", "Try low-prio."),
        ("run: a", "line 1: run can't be the name of a process type: one-off processes have that name", ""),
        ("web: a\nweb: b", "line 2: web appears twice", "another name"),
        (
            "web: a\nserve it",
            "line 2: 'serve it' isn't a process type and a command",
            "start a comment with #",
        ),
        ("web: \x1b[2J", "line 1: a control character in the command of web", "Remove it"),
        ("web:  ", "line 1: what should web run", "web: command"),
        ("../../etc/x: a", "line 1: '../../etc/x: a' isn't a process type", "web: command"),
        ("a" * 60 + ": x", "can't be the name of a process type", "Try aaa"),
        ("web: " + "a" * 140_000, "line 1: the command of web has more than 131071 bytes", ""),
    ],
)
def test_what_can_not_be_a_process_type_is_refused_with_its_line_and_a_way_out(
    text: str, message: str, hint: str
) -> None:
    with pytest.raises(Mistyped) as refused:
        procfile.parse(text)
    assert message in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("A=", ""),
        ("A = b c # d", "b c"),
        ("A='b # c'", "b # c"),
        ("A='b \"c\" \\n'", 'b "c" \\n'),
        ('A="b \\"c\\" \\n"', 'b "c" \n'),
        ("A='b\nc'", "b\nc"),
        ("A=$B`id`$(id)", "$B`id`$(id)"),
        ("A=b=c", "b=c"),
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


@given(ENV)
def test_variables_come_back(variables: dict[str, str]) -> None:
    assert dotenv.parse(dotenv.write(variables)) == variables
