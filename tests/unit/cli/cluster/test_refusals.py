"""What is told of kubectl's words about a manifest that can't be applied: the causes, without values."""

import json

import pytest

from formation_cli import failures
from formation_cli.cluster import refusals

SECRET = "hunter2"
VALUE = json.dumps([{"name": "TOKEN", "value": f'{SECRET} for: "x": ]'}])
PATCH = json.dumps({"spec": {"env": VALUE}})
ABOUT = (
    'Resource: "formations.dev/v1, Resource=formations", GroupVersionKind: "x"\nName: "shop", Namespace: "x"'
)
PATCHING = 'error when patching "my \\"shop\\".yaml": '
APPLYING = f'error when applying patch:\n{PATCH}\nto:\n{ABOUT}\nfor: "my \\"shop\\".yaml": {PATCHING}'
STRICT = 'Formation in version "v1" cannot be handled as a Formation: strict decoding error: '
MISTYPED = f"""\
Error from server (BadRequest): {APPLYING}{STRICT}unknown field "spec.imag", duplicate field "spec.env"
"""
INVALID = rf"""
The Formation "shop" is invalid:{" "}
* spec.processes.web.replicas: Invalid value: -1: should be at least 0
* spec.env[0].name: Invalid value: "{SECRET}\"": should match '^[A-Z]*$'
* spec.env: Invalid value: {VALUE}: has both value and valueFrom: leave one out
* spec.securityDefaults: Unsupported value: "non": supported values: "none", "restricted"
"""
SEVERAL = f"""\
Error from server (Invalid): error when creating "shop.yaml": it is invalid: \
[spec.env[0].value: Invalid value: "{SECRET}": too long, spec.image: Required value]
Error from server (NotFound): error when retrieving current configuration of:
{ABOUT}
from server for: "STDIN": namespaces "x" not found
"""
IN_OTHER_WORDS = f"error: in other words:\n{PATCH}\nnobody knows\n"


def causes(said: str) -> list[str]:
    """Return the lines about what is wrong, in which there may be no value."""
    failure = refusals.failure(said, "shop.yaml", "default")
    assert failure.exit_code == failures.FAILED
    first, *lines = failure.message.splitlines()
    assert first == "shop.yaml can't be applied. kubectl says:"
    assert SECRET not in failure.message
    return lines


def test_a_field_that_nobody_knows_is_named() -> None:
    assert causes(MISTYPED) == [
        f'Error from server (BadRequest): {STRICT}unknown field "spec.imag"',
        '* duplicate field "spec.env"',
    ]


def test_what_is_invalid_is_told_field_by_field() -> None:
    assert causes(INVALID) == [
        'The Formation "shop" is invalid:',
        "* spec.processes.web.replicas: Invalid value: -1: should be at least 0",
        "* spec.env[0].name: Invalid value: should match '^[A-Z]*$'",
        "* spec.env: Invalid value: has both value and valueFrom: leave one out",
        '* spec.securityDefaults: Unsupported value: "non": supported values: "none", "restricted"',
    ]


def test_of_several_objects_each_is_told() -> None:
    assert causes(SEVERAL) == [
        "Error from server (Invalid): it is invalid: [spec.env[0].value: Invalid value: too long",
        "* spec.image: Required value]",
        'Error from server (NotFound): namespaces "x" not found',
    ]


def test_what_kubectl_wanted_to_write_is_in_no_line_however_it_is_told() -> None:
    assert causes(IN_OTHER_WORDS) == ["error: in other words:", "nobody knows"]


@pytest.mark.parametrize("value", ["[" * 20_000, "{" + "a" * 5000, '"' + "\\" * 4999, "[1"])
def test_a_value_that_does_not_end_is_left_out_with_the_rest_of_its_line(value: str) -> None:
    said = f"error: spec.env: Invalid value: [{SECRET}{value}\n* spec.image: Required value\n"
    assert causes(said) == ["error: spec.env: Invalid value:", "* spec.image: Required value"]


def test_what_is_told_is_bounded() -> None:
    lines = causes("The Formation is invalid:\n" + f"* spec.x: {'y' * 5000}\n" * 30)
    assert len(lines) == 21
    assert max(map(len, lines)) == 1024
    assert lines[-1] == "and 11 lines more"


def test_who_may_not_apply_is_told_what_is_missing() -> None:
    sentence = 'formations.formations.dev "shop" is forbidden: User "me" cannot patch resource "formations"'
    failure = refusals.failure(
        f"Error from server (Forbidden): {APPLYING}{sentence}\n", "shop.yaml", "default"
    )
    assert failure.exit_code == failures.NO_ACCESS
    assert failure.message == "You may not apply shop.yaml in namespace default."
    assert failure.hint == f"The API server says: Error from server (Forbidden): {sentence}"
