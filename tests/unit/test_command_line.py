"""A flag that makes no sense ends the operator at its start, with a line that says what would."""

import pathlib
from typing import Any

import pytest

from formation_operator import command_line

WHOLE = ["", "-1", "0x10", "1.5", "nan", "inf", "1e3", "ten", "²", "9" * 5000]
PLACES = ["9090", "host", "host:port", ":0", ":-1", ":65536", ":99999", "::1:9090", "[::1:9090", "[x]:9090"]
PLACES += ["a b:9090", "user@host:9090", ":\uff19", ":9090 ", "\ud800:9090", "#:9090"]
HOSTILE = {
    "namespace": ["", "*", "team-*", "!a", "A", "a.b", "a,b", "a/b", "-a", "a-", "a\n", "a" * 64],
    "workers": [*WHOLE, "0", "1001"],
    "honour": ["", "a\nb", "a" * 129, "formation-operator"],
    "liveness": [
        *PLACES,
        *(f"http://{place}/healthz" for place in PLACES),
        ":8080/healthz",
        "//:8080/healthz",
        "https://:8080/healthz",
        "http://host/healthz",
        "http://:8080/readyz",
        *(
            f"http://:8080/{path}"
            for path in ("{", "{a}", "{a:[}", "/", "a//b", "..", "%", "a b", "?a", "#a")
        ),
    ],
    "metrics": [*PLACES, "http://:9090", ":9090/metrics", ":9090?a", "//:9090"],
    "lease": ["a", "a/", "/b", "a/b/c", "A/b", "a/b c", "a/b-", "a/b.", "a/b..c", "a/-b", f"a/{'b' * 254}"],
    "log-format": ["", "xml"],
    "verbose": ["1", ""],
    "no-write-through": ["true"],
}


@pytest.mark.parametrize(("flag", "text"), [(flag, text) for flag in HOSTILE for text in HOSTILE[flag]])
def test_what_makes_no_sense_is_refused_in_a_line_that_names_it(
    flag: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.parser().parse_args([f"--{flag}={text}"])
    *_, line = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert f"--{flag}: " in line
    assert repr(text) in line


def test_every_flag_is_tried() -> None:
    flags = {action.option_strings[-1].removeprefix("--") for action in command_line.parser()._actions}  # noqa: SLF001  # argparse has no other way to ask
    assert {*HOSTILE} == flags - {"help", "version"}


def test_every_flag_says_what_it_is_for() -> None:
    actions = command_line.parser()._actions  # noqa: SLF001  # as above
    assert not [action.dest for action in actions if not action.help]


@pytest.mark.parametrize(
    ("flag", "text", "setting"),
    [
        ("workers", "1000", {"workers": 1000}),
        ("liveness", "", {"liveness": None}),
        ("liveness", "http://127.0.0.1:1", {"liveness": "http://127.0.0.1:1"}),
        ("liveness", "http://[::1]:65535/a/b.c/", {"liveness": "http://[::1]:65535/a/b.c/"}),
        ("metrics", "", {"metrics": None}),
        ("metrics", "[::1]:9090", {"metrics": ("::1", 9090)}),
        ("metrics", "my-host.example.com:9090", {"metrics": ("my-host.example.com", 9090)}),
        ("honour", "argocd-server", {"honour": ("argocd-server",)}),
        ("lease", "team-a/operator.v2", {"lease": ("team-a", "operator.v2")}),
        ("lease", "", {"lease": None}),
    ],
)
def test_what_makes_sense_is_taken(flag: str, text: str, setting: dict[str, Any]) -> None:
    given = command_line.settings(command_line.parser().parse_args([f"--{flag}={text}"]))
    assert {name: getattr(given, name) for name in setting} == setting


def test_a_namespace_that_is_named_twice_is_served_once() -> None:
    arguments = command_line.parser().parse_args(["-n", "b", "-n", "a", "--namespace=b"])
    assert command_line.settings(arguments).namespaces == ("b", "a")


@pytest.mark.parametrize(
    ("in_a_pod", "liveness", "metrics"), [(True, "http://:8080/healthz", (None, 9090)), (False, None, None)]
)
def test_it_opens_ports_in_a_pod_and_none_elsewhere(
    in_a_pod: bool,
    liveness: str | None,
    metrics: tuple[None, int] | None,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command_line, "POD_NAMESPACE", tmp_path if in_a_pod else tmp_path / "none")
    given = command_line.settings(command_line.parser().parse_args(["--lease="]))
    assert (given.liveness, given.metrics) == (liveness, metrics)
