import pathlib
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_cli.dialects import manifest, references
from formation_cli.dialects.systemd import quoting, units
from formation_cli.failures import Mistyped
from tests.unit import inputs
from tests.unit.cli.drawn_texts import TEXT

VALUE = TEXT.filter(lambda text: not units.UNSET.search(text))
BOMB = [
    {"name": "A0", "value": "ha"},
    *({"name": f"A{number}", "value": f"$(A{number - 1})" * 10} for number in range(1, 100)),
]
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze isn't installed")


def exported(processes: dict[str, Any], **shared: Any) -> units.Exported:
    formation = {"metadata": {"name": "shop"}, "spec": {"image": "x", "processes": processes, **shared}}
    return units.exported(manifest.known(formation, "shop.yaml"), "/srv/our shop/100%", "shop", 5000)


def unit(name: str, processes: dict[str, Any], **shared: Any) -> list[str]:
    return exported(processes, **shared).units[name].splitlines()


def verified(folder: pathlib.Path, units: dict[str, str]) -> str:
    for name, text in units.items():
        (folder / name).write_text(text)
    names = [str(folder / name.replace("@.", "@5000.")) for name in units]
    done = subprocess.run([ANALYZE or "", "verify", *names], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode == 0 else f"{done.returncode} {done.stderr}"


SECRET = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "k"}}}
WEB = {
    "command": ["serve", "-p", "$(PORT)", "--as=$(ROLE)"],
    "port": 80,
    "replicas": 2,
    "env": [{"name": "URL", "value": "http://localhost:$(PORT)/100%"}, {"name": "a.b", "value": "1"}],
    "resources": {"limits": {"memory": "1.5Gi", "cpu": "250m", "ephemeral-storage": "1Gi"}},
    "terminationGracePeriodSeconds": 90,
    "livenessProbe": {"exec": {"command": ["true"]}},
}
WORKER = {
    "command": ["work", "$(KEY)", "$(OTHER)"],
    "env": [SECRET],
    "replicas": 3,
    "securityDefaults": "none",
}
CLOCK = {"command": ["tick"], "replicas": 0, "terminationGracePeriodSeconds": 0}
TYPES = {"web": WEB, "worker": WORKER, "clock": CLOCK}


def test_units_have_counts_ports_environment_limits_and_times_and_what_they_can_not_say_is_named(
    snapshot: SnapshotAssertion,
) -> None:
    types = {**TYPES, "images-own": {"port": 80}}
    shared = {
        "env": [{"name": "ROLE", "value": "a b$"}],
        "suspend": True,
        "release": {"command": ["migrate"]},
    }
    found = exported(types, **shared)
    assert {**found.units, "left out": found.left_out} == snapshot


LONG = [{"name": "A", "value": "a" * 1000}]
REFUSED = {
    "without a program": {"args": ["serve"]},
    "too many": {"command": ["serve"], "replicas": 101},
    "a zero byte": {"command": ["a\0b"]},
    "an equals sign": {"command": ["A=1", "b"]},
    "a control character": {"command": ["a"], "env": [{"name": "A", "value": "\x01"}]},
    "a text that grows": {"command": ["a"], "env": BOMB},
    "many long texts": {"command": ["$(A)" * 30_000], "env": LONG},
    "no quantity": {"command": ["a"], "resources": {"limits": {"memory": "lots"}}},
}


@pytest.mark.parametrize("process", REFUSED.values(), ids=REFUSED)
def test_what_no_unit_can_say_is_refused(process: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    with pytest.raises(Mistyped) as refused:
        exported({"web": process})
    assert refused.value.message == snapshot


@given(st.lists(TEXT, min_size=1, max_size=4), st.lists(VALUE, max_size=3))
def test_no_text_is_more_than_a_word(words: list[str], values: list[str]) -> None:
    command = ["/bin/serve", *map(references.escaped, words)]
    env = [{"name": f"A{number}", "value": references.escaped(value)} for number, value in enumerate(values)]
    plain = unit("shop-web@.service", {"web": {"command": ["/bin/serve"]}})
    lines = unit("shop-web@.service", {"web": {"command": command}}, env=env)
    assert len(lines) == len(plain) + len(values)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("shop-1", "shop-1"),
        ('50% "$HOME" \\n', '"50%% \\"$$HOME\\" \\\\n"'),
        ("\u00e9\x01\u2028", '"\u00e9\\x01\\xe2\\x80\\xa8"'),
    ],
)
def test_a_word_is_quoted_as_systemd_reads_it(text: str, word: str) -> None:
    assert quoting.quoted(quoting.argument(text)) == word


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: pathlib.Path) -> None:
    env = [{"name": "A", "value": 'it\'s "100%" $HOME\n[Service]\nExecStartPre=/bin/false'}]
    assert verified(tmp_path, exported(TYPES, env=env).units) == ""


@needs_systemd
def test_systemd_says_of_a_unit_that_is_wrong_that_it_is(tmp_path: pathlib.Path) -> None:
    units = exported({"web": {"command": ["serve"]}}).units
    units["shop-web@.service"] = units["shop-web@.service"].replace("KillMode=mixed", "KillMode=never")
    assert "Failed to parse kill mode" in verified(tmp_path, units)


@needs_systemd
@inputs.tried(15)
@given(st.lists(TEXT, min_size=1, max_size=30), st.lists(VALUE, max_size=30))
def test_systemd_finds_nothing_wrong_with_any_text(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], values: list[str]
) -> None:
    env = [{"name": f"A{number}", "value": value} for number, value in enumerate(values)]
    command = ["/bin/sh", *map(references.escaped, words)]
    found = exported({"web": {"command": command}, "worker": {"command": ["p", *words], "env": env}})
    assert verified(tmp_path_factory.mktemp("units"), found.units) == ""
