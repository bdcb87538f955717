"""The policy says in CEL what the operator says in Python, as far as it can, and nothing else.

`tests/contract/test_foreground.py` shows the same of a real API server, with fewer commands.
"""

import re
import shlex
from typing import Any

import celpy
import pytest
import yaml
from celpy.adapter import json_to_cel
from celpy.celtypes import ListType, MapType, StringType
from hypothesis import given
from hypothesis import strategies as st

from crds.generate import __main__ as generator
from formation_operator.foreground import check, shell
from formation_operator.foreground.programs import TABLE
from hack.cluster import paths
from tests.unit import inputs
from tests.unit.commands import RIGHT, WARNED

POLICY, BINDING = yaml.safe_load_all(generator.POLICY.read_text())
SPEC = POLICY["spec"]


def find(text: StringType, pattern: StringType) -> StringType:
    found = re.search(pattern, text)
    return StringType(found.group() if found else "")


# Kubernetes' own additions to CEL; their patterns are held to what RE2 and Python both know (test_programs).
FUNCTIONS = {
    "find": find,
    "matches": lambda text, pattern: celpy.celtypes.BoolType(re.search(pattern, text) is not None),
    "replace": lambda text, old, new: StringType(text.replace(old, new)),
    "join": lambda words, between: StringType(between.join(words)),
    "split": lambda text, between: ListType([StringType(part) for part in text.split(between)]),
    "substring": lambda text, start: StringType(text[start:]),
}


def compiled(expression: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression), functions=FUNCTIONS)  # type: ignore[arg-type]


VARIABLES = {item["name"]: compiled(item["expression"]) for item in SPEC["variables"]}
[VALIDATION] = SPEC["validations"]
HOLDS, SAYS = compiled(VALIDATION["expression"]), compiled(VALIDATION["messageExpression"])
TABLE_VALUE = VARIABLES["table"].evaluate({})


def said(**processes: dict[str, Any]) -> str | None:
    """Return what the policy says of a Formation with these process types."""
    known = MapType({StringType("table"): TABLE_VALUE})
    context = {"object": json_to_cel({"spec": {"processes": processes}}), "variables": known}
    for name, variable in VARIABLES.items():
        if name != "table":
            known[StringType(name)] = variable.evaluate(context)
    return None if HOLDS.evaluate(context) else str(SAYS.evaluate(context))


def expected(command: list[str]) -> str | None:
    """Return what the operator says of a command, and nothing of a shell's script."""
    sentence = None if shell.script(check.unwrapped(command)) is not None else check.finding(command)
    return f"web: {sentence}" if sentence else None


def test_the_policy_refuses_nothing_even_where_it_fails() -> None:
    assert SPEC["failurePolicy"] == "Ignore"
    assert "Deny" not in BINDING["spec"]["validationActions"]


def test_the_policy_is_no_part_of_what_is_installed_by_default() -> None:
    assert "policies" not in (paths.ROOT / "manifests" / "kustomization.yaml").read_text()


@pytest.mark.parametrize("command", [*WARNED, *RIGHT])
def test_the_policy_says_what_the_operator_says_and_of_a_shells_script_nothing(command: str) -> None:
    words = shlex.split(command)
    assert said(web={"command": words}) == expected(words)


def test_each_type_is_judged_with_its_arguments() -> None:
    assert said(
        web={"command": ["gunicorn"], "args": ["-D"]},
        worker={"args": ["gunicorn", "-D"]},
        clock={"command": ["cron"], "args": ["-f"]},
        mail={"command": ["memcached", "-d"]},
    ) == (f"web: {check.finding(['gunicorn', '-D'])}; mail: {check.finding(['memcached', '-d'])}")


def test_nothing_is_said_of_a_command_that_is_too_long_to_judge() -> None:
    assert said(web={"command": ["gunicorn", "-D", *["x"] * 63]}) is None
    assert said(web={"command": ["gunicorn", "-D", "x" * 600]}) is None


FRAGMENTS = [
    *shlex.split(
        "sh -c env A=b nice -n 5 -D -d -- start --pid /run/x yes '$(X)' python3 -m -u -g 'daemon off;'"
    ),
    *shlex.split("--daemon --daemonize --pidfile= --pidfile '' npx sudo flock service screen bin/rails"),
    *("/usr/bin/gunicorn", "/init.d/cron", "php-fpm8.2", "a\nb", "-\n-D", "/usr/bin/"),
]
WORDS = st.one_of(st.sampled_from([*TABLE]), st.sampled_from(FRAGMENTS), st.text(max_size=4))


@inputs.tried(50)
@given(st.lists(WORDS, min_size=1, max_size=7))
def test_the_policy_agrees_with_the_operator_about_any_command(command: list[str]) -> None:
    assert said(web={"command": command}) == expected(command)
