import dataclasses
import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli.dialects import app, heroku, manifest
from formation_cli.dialects.app import App
from formation_cli.failures import Mistyped


def read(*values: Any) -> App:
    found = App()
    for value in values:
        heroku.read(json.dumps(value), "app.json", found)
    return found


def test_an_app_json_has_a_name_counts_and_variables(snapshot: SnapshotAssertion) -> None:
    found = read(
        {
            "name": "My Shop",
            "formation": {"web": {"quantity": 2, "size": "Eco"}, "worker": {"quantity": 0}},
            "env": {
                "A": "$(x)",
                "B": {"value": "2", "description": "b"},
                "C": {"required": True},
                "D": {"generator": "secret"},
            },
            "addons": ["heroku-postgresql"],
            "scripts": {"postdeploy": "seed", "release": {"command": "migrate"}, "test": "pytest"},
        }
    )
    assert dataclasses.asdict(found) == snapshot


def test_the_api_has_commands_and_the_release_phase_is_the_release_and_no_process_type() -> None:
    found = read(
        [
            {"type": "release", "quantity": 0, "size": "Standard-2X", "command": "migrate --all"},
            {"type": "web", "quantity": 1, "size": {"name": "standard-2x"}, "command": "serve", "id": "1"},
        ]
    )
    assert (found.commands["web"], found.memory["web"]) == ("serve", "1Gi")
    spec = app.formation(App("shop", "x", found.commands, found.env, found.counts, found.memory))["spec"]
    limits = {"memory": "1Gi"}
    assert spec["release"] == {
        "command": ["migrate", "--all"],
        "resources": {"requests": limits, "limits": limits},
    }
    assert [*spec["processes"]] == ["web"]
    assert found.left_out == []


def test_a_memory_that_no_dyno_has_is_named() -> None:
    web = {"command": ["serve"], "replicas": 1, "resources": {"limits": {"memory": "700Mi"}}}
    spec = {"image": "x", "processes": {"web": web}, "release": {"command": ["migrate"]}}
    formation = manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml")
    assert heroku.formation(formation) == [{"type": "web", "quantity": 1}]
    assert [*heroku.left_out(formation)] == [
        "spec.release: `export procfile` writes its command",
        "web: no dyno has as much memory",
    ]


REFUSED = [
    '{\n"a": }',
    "1" * 5000,
    "[" * 100_000,
    '"web"',
    "[1]",
    "[{}]",
    '[{"type": "web"}, {"type": "web"}]',
    '[{"type": "low_prio"}]',
    '[{"type": "run"}]',
    '[{"type": "web", "command": "a\\nb"}]',
    *('{"formation": [1]}', '{"formation": {"web": 1}}'),
    *(f'{{"formation": {{"web": {{"quantity": {each}}}}}}}' for each in ('"2"', "true", -1, "1e400")),
    *(f'{{"formation": {{"web": {{"size": {each}}}}}}}' for each in ('"huge"', "[]")),
    *('{"env": {"a.b": "1"}}', '{"env": {"A": 1}}'),
    *('{"env": {"A": "\\ud800"}}', '{"env": {"A": "\\u0000"}}'),
    *('{"scripts": ["migrate"]}', '{"scripts": {"release": {"size": "eco"}}}'),
    json.dumps([{"type": f"w{number}"} for number in range(40)]),
    json.dumps({"env": {f"A{number}": "1" for number in range(300)}}),
]


def test_what_heroku_does_not_write_is_refused_with_its_place(snapshot: SnapshotAssertion) -> None:
    said = {}
    for text in REFUSED:
        with pytest.raises(Mistyped) as refused:
            heroku.read(text, "app.json", App())
        said[text[:60]] = refused.value.message
    assert said == snapshot
