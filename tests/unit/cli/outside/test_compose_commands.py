"""A Compose file becomes a Formation, as it is typed for."""

import json
import pathlib
from typing import Any

import pytest
import yaml
from click.testing import Result
from syrupy.assertion import SnapshotAssertion

from formation_cli import failures
from formation_cli.dialects import manifest
from tests.shared.composed import SHOP
from tests.unit.cli.typed import run

IMAGE = "--image registry.example.com/shop:v1"
RESOLVED = "docker compose config --format json | kubectl formation init -"


def init(text: str, words: str = IMAGE, code: int = 0) -> Result:
    pathlib.Path("compose.yaml").write_text(text)
    return run(f"init compose.yaml {words}", code)


def written() -> Any:
    """Return the spec that was written, which is as the resource is declared."""
    text = pathlib.Path("formation.yaml").read_text()
    manifest.parse(text, "formation.yaml")
    return yaml.safe_load(text)["spec"]


def of_one(fields: dict[str, Any], code: int = 0) -> Result:
    pathlib.Path("formation.yaml").unlink(missing_ok=True)
    return init(json.dumps({"services": {"web": {"build": ".", **fields}}}), code=code)


def test_services_that_share_a_build_become_types_of_one_formation_and_what_is_left_out_is_said(
    snapshot: SnapshotAssertion,
) -> None:
    said = init(SHOP).stderr.splitlines()
    assert {"written": written(), "said": said} == snapshot


def test_the_addresses_of_other_services_that_a_file_of_variables_names_are_said(
    folder: pathlib.Path,
) -> None:
    (folder / ".env").write_text("DB_HOST=db\nDATABASE_URL=postgres://shop:hunter2@db/shop\n")
    two = {"web": {"build": ".", "env_file": ".env"}, "db": {"image": "postgres"}}
    said = init(json.dumps({"services": two}), f"{IMAGE} --env .env --service web").stderr
    for each in ("DB_HOST", "DATABASE_URL"):
        assert f"{each} names the service db: set its address in the cluster" in said
    assert "hunter2" not in said


def test_no_secret_value_of_a_compose_file_is_written_and_the_printed_command_makes_the_secret(
    folder: pathlib.Path,
) -> None:
    result = init(SHOP)
    assert "hunter2" not in (folder / "formation.yaml").read_text() + result.output
    assert written()["envFrom"] == [{"secretRef": {"name": "shop-settings"}}]
    assert "Write DATABASE_URL into secret.env" in result.stderr
    (folder / "secret.env").write_text("DATABASE_URL=x\n")
    line = next(each for each in result.stderr.splitlines() if "import secret" in each)
    made = yaml.safe_load(run(line.partition("kubectl formation ")[2].partition(" | ")[0]).stdout)
    assert made["metadata"]["name"] == "shop-settings"


def test_secret_values_that_differ_between_types_are_named() -> None:
    each = {"build": "."}
    services = {"web": {**each, "environment": ["TOKEN=a"]}, "work": {**each, "environment": ["TOKEN=b"]}}
    assert "TOKEN: its values differ" in init(json.dumps({"services": services})).stderr


def test_what_docker_compose_config_writes_is_taken_from_stdin() -> None:
    service = {
        "build": {"context": "/srv/shop", "dockerfile": "Dockerfile"},
        "command": None,
        "entrypoint": None,
        "profiles": ["all"],
        "environment": {"PRICE": "1$$"},
        "networks": {"default": None},
        "ports": [{"mode": "ingress", "target": 8000, "published": "80", "protocol": "tcp"}],
        "deploy": {"resources": {"limits": {"cpus": 0.5, "memory": "536870912"}}, "placement": {}},
    }
    text = json.dumps({"name": "shop", "services": {"web": service}, "networks": {"default": {"name": "a"}}})
    result = run(f"init - {IMAGE}", stdin=text)
    assert "Left out" not in result.stderr
    assert written()["env"] == [{"name": "PRICE", "value": "1$"}]
    limits = {"cpu": "0.5", "memory": "512Mi"}
    assert written()["processes"] == {"web": {"port": 8000, "resources": {"limits": limits}}}


IMAGES = '{services: {a: {image: "x:1"}, b: {image: "y:1", depends_on: [a]}, c: {image: "y:1"}}}'


def test_of_several_images_one_has_to_be_named() -> None:
    refused = init(IMAGES, "", failures.MISTYPED).stderr
    assert "compose.yaml has 2 images, and a Formation is the app of one: a (x:1); b, c (y:1)." in refused
    assert "such as --service b." in refused
    init(IMAGES, "--service c")
    assert written()["image"] == "y:1"
    assert [*written()["processes"]] == ["b", "c"]
    assert "There is: a, b, c." in init(IMAGES, "--service zzz", failures.MISTYPED).stderr


PROFILES = """
services:
  a: {image: "x:1"}
  b: {image: "x:1", profiles: [debug]}
  c: {image: "y:1", profiles: [all]}
  d: {image: "y:1", profiles: [some]}
"""


@pytest.mark.parametrize(("service", "types"), [("a", ["a"]), ("b", ["a", "b"]), ("c", ["c", "d"])])
def test_a_service_that_starts_with_a_profile_only_is_left_out_unless_one_is_named(
    service: str, types: list[str]
) -> None:
    said = init(PROFILES, f"--service {service}").stderr
    assert [*written()["processes"]] == types
    assert ("service b (x:1): it starts with a profile only" in said) == (service == "a")


@pytest.mark.parametrize("name", ["--image y:1", "--service b --image z:2"])
def test_the_image_that_is_typed_is_the_image(name: str) -> None:
    init(IMAGES, name)
    assert written()["image"] == name.rsplit(maxsplit=1)[-1]
    assert [*written()["processes"]] == ["b", "c"]


def test_an_image_that_is_built_has_to_be_named() -> None:
    assert "name it with --image" in init("{services: {a: {build: .}}}", "", failures.MISTYPED).stderr
    assert not pathlib.Path("formation.yaml").exists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{services: {a: {build: ., extends: {service: b}}}}", "services.a.extends names another service"),
        ("{include: [b.yaml], services: {a: {build: .}}}", "include names other files"),
        ("{services: {a: {build: ., command: 'run $X'}}}", "services.a.command uses the variable X"),
        ("{services: {a: {build: ., environment: {B: '${C:-1}'}}}}", "a.environment.B uses the variable C"),
        ("services: {a: {build: ., ports: !reset []}}", "!reset"),
    ],
)
def test_what_only_compose_itself_can_resolve_is_refused_with_the_command_that_does(
    text: str, place: str
) -> None:
    refused = init(text, code=failures.MISTYPED).stderr
    assert place in refused
    assert RESOLVED in refused


def test_a_file_that_compose_merges_into_this_one_is_refused_by_name(folder: pathlib.Path) -> None:
    (folder / "compose.override.yml").write_text("{}")
    refused = init(SHOP, code=failures.MISTYPED).stderr
    assert "Compose merges compose.override.yml into compose.yaml." in refused
    assert RESOLVED in refused


def test_fields_that_restricted_forbids_are_named() -> None:
    said = of_one(
        {"privileged": True, "network_mode": "host", "cap_add": ["NET_ADMIN"], "user": "app"}
    ).stderr
    for each in ("privileged of web", "network_mode of web", "cap_add of web"):
        assert f"{each}: the Pod Security Standard `restricted` forbids it" in said
    assert "web runs as app: `restricted` needs a number other than 0" in said
    assert "podTemplate" not in written()["processes"]["web"]


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("imag", "x", "services.web: Unevaluated properties are not allowed ('imag' was unexpected)"),
        ("command", {"a": 1}, "services.web.command"),
        ("deploy", {"replicas": "many"}, "services.web.deploy.replicas: isn't a whole number"),
        ("ports", ["http"], "services.web.ports: isn't a port"),
        ("ports", [70000], "services.web.ports: isn't a port"),
        ("stop_grace_period", "soon", "services.web.stop_grace_period: isn't a duration"),
        ("mem_limit", "lots", "services.web.mem_limit: isn't a size"),
        ("cpus", "two", "services.web.cpus: isn't a number of CPUs"),
        ("command", "say 'a", "services.web.command: has a quote"),
        ("environment", {"A": ["hunter2"]}, "services.web.environment.A: isn't of type string or number"),
        ("environment", {"a b": "1"}, "can't be the name of a variable"),
        ("healthcheck", {"test": ["CMD", "a"], "interval": "x"}, "services.web.healthcheck.interval: isn't"),
    ],
)
def test_what_can_not_be_is_refused_with_its_service_and_field(field: str, value: Any, place: str) -> None:
    refused = of_one({field: value}, failures.MISTYPED).stderr
    assert place in refused
    assert "hunter2" not in refused
    assert not pathlib.Path("formation.yaml").exists()


LAUGHS = "\n".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
SERVICES = "services: {web: {build: .}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"x-0: &a0 [lol]\n{LAUGHS}\n{SERVICES}", "more than 20000 values"),
        (f"x-0: &a0 [*a0]\n{SERVICES}", "line 1: an alias that contains itself"),
        ('{"a":' * 40_000, "nested too deeply"),
        (json.dumps({"services": {f"s{n}": {"a": [1] * 9} for n in range(3000)}}), "more than 20000 values"),
        ("x" * 300_000, "256 KiB"),
        ("services:\n  web: {build: .}\n  web: {build: b}\n", "line 3: web appears twice"),
        ("", "is empty"),
        ("[a]", "all of it: isn't of type object"),
        ("services: []", "services: isn't of type object"),
        ("services: {}", "has no services"),
        ("{1: 2}", "a key that isn't a text"),
        ("a: 1\nb: hunter2: c", "line 2: not YAML or JSON"),
        ("services: {web: !!python/object/apply:os.system [echo]}", "not YAML or JSON"),
        ("services: {release: {build: .}}", "release can't be the name of a process type"),
        ("services: {a_b: {build: .}, a.b: {build: .}}", "another service would be the type a-b"),
    ],
)
def test_hostile_and_odd_files_end_with_one_sentence(text: str, said: str) -> None:
    refused = init(text, code=failures.MISTYPED)
    assert said in refused.stderr
    assert "Traceback" not in refused.output
    assert "hunter2" not in refused.output


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"entrypoint": [], "command": "a b"}, {"command": ["a", "b"]}),
        ({"deploy": {"resources": {"limits": {"cpus": "0", "memory": "0"}}}}, {}),
        ({"cpus": 2, "mem_limit": "1g"}, {"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}),
        ({"scale": 3}, {"replicas": 3}),
        ({"expose": ["3000"]}, {"port": 3000}),
        ({"healthcheck": {"disable": True}}, {}),
        ({"stop_grace_period": "0"}, {"terminationGracePeriodSeconds": 0}),
        ({"labels": {"a": "b"}, "x-mine": 1}, {}),
    ],
)
def test_a_field_is_what_it_is_in_compose(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    of_one(fields)
    assert written()["processes"]["web"] == expected


def test_options_go_over_the_file(folder: pathlib.Path) -> None:
    (folder / ".env").write_text("LEVEL=2\n")
    init(SHOP, f"{IMAGE} --name store --env .env -m web=5,low-priority=1 --port 8001")
    assert written()["env"] == [{"name": "LEVEL", "value": "2"}]
    assert written()["processes"]["web"]["env"] == [{"name": "DEBUG", "value": "yes"}]
    assert written()["processes"]["web"]["port"] == 8001
    assert yaml.safe_load((folder / "formation.yaml").read_text())["metadata"]["name"] == "store"
    assert {each: type_["replicas"] for each, type_ in written()["processes"].items()} == {
        "web": 5,
        "low-priority": 1,
    }


def test_a_port_is_that_of_web() -> None:
    refused = init("{services: {a: {build: .}}}", f"{IMAGE} --port 80", failures.MISTYPED).stderr
    assert "--port is the port of web: there is no such type here." in refused


@pytest.mark.parametrize("name", ["compose.yaml", "docker-compose.yml", "Dockerfile"])
def test_a_folder_without_a_procfile_names_what_there_is(folder: pathlib.Path, name: str) -> None:
    (folder / name).write_text("FROM scratch\n")
    refused = run(f"init {IMAGE}", failures.MISTYPED).stderr
    assert f"There is no Procfile, but {name}." in refused
    assert f"Try kubectl formation init {name}" in refused
