import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_cli.dialects import app, heroku, manifest
from formation_cli.dialects.app import App
from formation_cli.dialects.heroku import Found
from formation_cli.failures import Mistyped

TYPES = st.sampled_from(["web", "worker", "clock", "low-prio"])
DYNOS = st.dictionaries(
    TYPES, st.tuples(st.integers(0, 2**31 - 1), st.sampled_from([*heroku.SIZES])), min_size=1
)


def read(*values: Any) -> Found:
    found = Found()
    for value in values:
        heroku.read(json.dumps(value), "app.json", found)
    return found


def known(found: Found) -> manifest.Known:
    commands = dict.fromkeys(found.types(), "run it")
    described = App("shop", "x", commands, found.env, found.counts, found.memory)
    return manifest.known(app.formation(described), "shop.yaml")


@given(DYNOS)
def test_a_formation_of_heroku_comes_back_as_it_was(dynos: dict[str, tuple[int, str]]) -> None:
    formation = [{"type": name, "quantity": count, "size": size} for name, (count, size) in dynos.items()]
    assert heroku.formation(known(read(formation))) == formation


@given(DYNOS)
def test_an_app_json_and_the_api_say_the_same(dynos: dict[str, tuple[int, str]]) -> None:
    formation = [{"type": name, "quantity": count, "size": size} for name, (count, size) in dynos.items()]
    mapping = {each["type"]: {"quantity": each["quantity"], "size": each["size"]} for each in formation}
    assert read({"formation": mapping}) == read(formation)


def test_an_app_json_has_a_name_counts_and_variables() -> None:
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
    assert found.name == "my-shop"
    assert found.counts == {"web": 2, "worker": 0}
    assert found.memory == {"web": "512Mi"}
    assert found.env == {"A": "$(x)", "B": "2"}
    assert found.left_out == [
        "C: Heroku has it set by hand, so it has no value here; put it into a Secret",
        "D: Heroku has it generated as a secret, so it has no value here; put it into a Secret",
        "scripts.postdeploy: it runs once, after the first deploy: kubectl formation run NAME -- COMMAND",
        "scripts.test: no part of a formation",
        "addons: no part of a formation",
    ]
    assert found.commands == {"release": "migrate"}


def test_the_api_has_commands_too() -> None:
    found = read(
        [{"type": "web", "quantity": 1, "size": {"name": "standard-2x"}, "command": "serve", "id": "1"}]
    )
    assert found.commands == {"web": "serve"}
    assert found.memory == {"web": "1Gi"}


def test_the_release_phase_is_the_release_with_its_memory_and_no_process_type() -> None:
    found = read(
        [
            {"type": "release", "quantity": 0, "size": "Standard-2X", "command": "migrate --all"},
            {"type": "web", "quantity": 1, "command": "serve"},
        ]
    )
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
    spec = {"image": "x", "processes": {"web": web}}
    formation = manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml")
    assert heroku.formation(formation) == [{"type": "web", "quantity": 1}]
    assert [*heroku.left_out(formation)] == ["web: no dyno has as much memory"]
    spec["release"] = {"command": ["migrate"]}
    formation = manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml")
    assert next(iter(heroku.left_out(formation))) == "spec.release: `export procfile` writes its command"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"a": }', "app.json, line 2: no JSON"),
        ("1" * 5000, "app.json: not JSON: a number is too long"),
        ("[" * 100_000, "app.json: not JSON: a number is too long, or it is nested too deeply"),
        ('"web"', "neither an app.json nor a formation"),
        ("[1]", "entry 1 has no type"),
        ('[{"type": "web"}, {"type": "web"}]', "entry 2: web appears twice"),
        ('[{"type": "low_prio"}]', "entry 1: 'low_prio' can't be the name"),
        ('[{"type": "run"}]', "entry 1: run can't be the name"),
        ('{"formation": []}', None),
        ('{"formation": [1]}', "formation isn't an object"),
        ('{"formation": {"web": 1}}', "formation.web isn't an object"),
        ('{"formation": {"web": {"quantity": "2"}}}', "formation.web: quantity isn't a count"),
        ('{"formation": {"web": {"quantity": true}}}', "formation.web: quantity isn't a count"),
        ('{"formation": {"web": {"quantity": -1}}}', "formation.web: quantity isn't a count"),
        ('{"formation": {"web": {"quantity": 1e400}}}', "formation.web: quantity isn't a count"),
        ('{"formation": {"web": {"size": "huge"}}}', "formation.web: size 'huge' isn't known"),
        ('{"formation": {"web": {"size": []}}}', "formation.web: size '' isn't known"),
        ('{"env": {"a.b": "1"}}', "env.a.b: not a variable name"),
        ('{"env": {"A": 1}}', "env.A: the value isn't text"),
        ('{"env": {"A": "\\ud800"}}', "env.A: the value isn't text"),
        ('{"env": {"A": "\\u0000"}}', "env.A: the value isn't text"),
        ('[{"type": "web", "command": "a\\nb"}]', "entry 1: command isn't a line"),
        ('{"scripts": ["migrate"]}', "app.json: scripts isn't an object"),
        ('{"scripts": {"release": {"size": "eco"}}}', "app.json: scripts.release: command isn't a line"),
        (json.dumps([{"type": f"w{number}"} for number in range(40)]), "40 process types"),
        (json.dumps({"env": {f"A{number}": "1" for number in range(300)}}), "env has 300 entries"),
    ],
)
def test_what_heroku_does_not_write_is_refused_with_its_place(text: str, message: str | None) -> None:
    found = Found()
    if message is None:
        heroku.read(text, "app.json", found)
        assert found == Found()
        return
    with pytest.raises(Mistyped) as refused:
        heroku.read(text, "app.json", found)
    assert message in refused.value.message
