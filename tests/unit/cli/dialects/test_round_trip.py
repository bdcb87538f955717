"""A Formation that a Procfile, a .env file and counts can say comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_cli.dialects import app, dotenv, manifest, procfile
from formation_cli.dialects.app import App
from formation_cli.dialects.procfile import exported
from formation_cli.failures import Mistyped
from formation_cli.words import counts
from tests.unit.cli.drawn_texts import ENV, ONE_LINE, SHELLY

TYPES = st.sampled_from(["web", "worker", "clock", "low-prio", "0"])


def can_be(line: str) -> bool:
    try:
        app.words("web", line, port=True)
        app.words("web", line, port=False)
        return bool(line) and procfile.parse(procfile.write({"web": line})) == {"web": line}
    except Mistyped:
        return False


LINES = st.one_of(SHELLY, ONE_LINE).map(str.strip).filter(can_be)


@st.composite
def apps(draw: st.DrawFn) -> App:
    commands = draw(st.dictionaries(TYPES, LINES, min_size=1, max_size=3))
    chosen = draw(st.dictionaries(st.sampled_from([*commands]), st.integers(0, 5)))
    env = draw(ENV)
    release = draw(st.dictionaries(st.just("release"), LINES))
    return App("shop", "registry.example.com/shop:v1", release | commands, env, chosen)


@given(apps())
def test_a_formation_from_a_procfile_comes_back_from_one(described: App) -> None:
    formation = app.formation(described)
    found = exported(manifest.known(formation, "shop.yaml"))
    again = App(
        "shop",
        described.image,
        procfile.parse(found.procfile),
        dotenv.parse(found.env),
        {each.type: each.number for each in counts.parse(found.counts.split(",") if found.counts else ())},
    )
    assert app.formation(again) == formation
    assert {*found.left_out} <= {
        "spec.image",
        *(f"spec.processes.{name}.{field}" for name in described.commands for field in ("port", "singleton")),
    }


def test_what_a_procfile_can_not_say_is_named(snapshot: SnapshotAssertion) -> None:
    spec = {
        "image": "x",
        "env": [
            {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "k"}}},
            {"name": "URL", "value": "http://$(HOST)"},
            {"name": "a.b", "value": "1"},
            {"name": "OPEN", "value": "$("},
            {"name": "PORT", "value": "99"},
        ],
        "suspend": True,
        "release": {"command": ["migrate"], "args": ["$(RATE)"], "env": [], "backoffLimit": 2},
        "processes": {
            "web": {"args": ["serve"], "resources": {"limits": {"memory": "1Gi"}}},
            "api": {"port": 80},
            "worker": {"command": ["work", "a\nb"], "terminationGracePeriodSeconds": 60},
            "clock": {"command": ["tick", "$(RATE)"]},
            "bind": {"command": ["/bin/sh", "-c", "exec serve $PORT"]},
        },
    }
    found = exported(manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml"))
    assert [found.procfile, *found.left_out] == snapshot
