"""A Dockerfile becomes a Formation, as it is typed for."""

import pathlib
from typing import Any

import pytest
import yaml

from formation_cli import failures
from formation_cli.dialects import manifest
from tests.unit.cli.typed import run

IMAGE = "--image registry.example.com/shop:v1"
SHOP = r"""# syntax=docker/dockerfile:1
ARG PYTHON=3.13
FROM python:${PYTHON} AS build
RUN <<EOF
CMD ["not this"]
EOF
USER root
CMD ["nor this"]

FROM --platform=linux/amd64 python:${PYTHON}-slim as final
ENV PORT_OF_APP=8000 NAME="shop"
COPY --from=build /app /app
expose ${PORT_OF_APP}/tcp 5353/udp 9000
HEALTHCHECK CMD curl localhost
# a comment
ENTRYPOINT ["python", \
  # within
  "-m"]
CMD ["gunicorn", "$(shop)"]
USER 1000:1000
"""
REFUSED = (
    "securityDefaults: restricted (the default) starts only an image whose user is a number other than 0"
)


def made(text: str, words: str = "") -> tuple[Any, str]:
    """Return the process types of a Dockerfile, and what is said about it."""
    pathlib.Path("Dockerfile").write_text(text)
    result = run(f"init Dockerfile {IMAGE} {words}")
    written = pathlib.Path("formation.yaml").read_text()
    manifest.parse(written, "formation.yaml")
    return yaml.safe_load(written)["spec"]["processes"], result.stderr


def test_the_last_stage_is_the_type_web_with_its_program_and_port() -> None:
    types, said = made(SHOP)
    assert types == {"web": {"command": ["python", "-m"], "args": ["gunicorn", "$$(shop)"], "port": 8000}}
    assert "Left out: EXPOSE 9000: a type has one port" in said
    assert "Left out: HEALTHCHECK: Kubernetes doesn't use it" in said
    assert REFUSED not in said


def test_a_stage_has_what_the_stage_has_that_it_is_built_from() -> None:
    types, said = made('FROM a AS base\nEXPOSE 80\nUSER 7\nCMD ["a"]\nFROM base\nCMD ["b"]\n')
    assert types == {"web": {"args": ["b"], "port": 80}}
    assert REFUSED not in said


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("CMD serve -p $PORT", {"args": ["serve", "-p", "$(PORT)"], "port": 8080}),
        ('EXPOSE 80\nENTRYPOINT a b\nCMD ["c"]', {"command": ["a", "b"], "port": 80}),
    ],
)
def test_a_program_is_read_in_both_forms(lines: str, expected: dict[str, Any]) -> None:
    assert made(f"FROM a\nUSER 1\n{lines}\n")[0] == {"web": expected}


def test_without_a_port_it_is_a_worker_and_that_is_said() -> None:
    types, said = made('FROM a\nUSER 1\nCMD ["work"]\n')
    assert types == {"worker": {"args": ["work"]}}
    assert "No EXPOSE, so worker has no port: if it listens, name the port with --port" in said
    pathlib.Path("formation.yaml").unlink()
    assert made('FROM a\nUSER 1\nCMD ["work"]\n', "--port 3000")[0] == {
        "web": {"args": ["work"], "port": 3000}
    }


@pytest.mark.parametrize("user", ["USER root", "USER 0", "USER app", "USER ${UID}", "", "USER 1\nUSER app:1"])
def test_a_user_that_restricted_does_not_start_is_named(user: str) -> None:
    said = made(f"FROM a\n{user}\nEXPOSE 80\n")[1]
    assert REFUSED in said
    assert (f"{user.splitlines()[-1].partition(':')[0]}" if user else "No USER, so perhaps root") in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Dockerfile has no FROM"),
        ("web: serve\n", "line 1: not a Dockerfile"),
        ("FROM\n", "line 1: FROM needs an image"),
        ("FROM a\nCMD say 'a\n", "The command of worker has a quote"),
        ("FROM a\n" + "RUN b\n" * 60_000, "256 KiB"),
    ],
)
def test_what_is_no_dockerfile_is_refused_with_its_line(text: str, said: str) -> None:
    pathlib.Path("Dockerfile").write_text(text)
    refused = run(f"init Dockerfile {IMAGE}", failures.MISTYPED)
    assert said in refused.stderr
    assert not pathlib.Path("formation.yaml").exists()


def test_a_dockerfile_has_no_service() -> None:
    pathlib.Path("Dockerfile").write_text(SHOP)
    refused = run(f"init Dockerfile --service web {IMAGE}", failures.MISTYPED).stderr
    assert "--service is for a Compose file" in refused


@pytest.mark.parametrize("name", ["Dockerfile.prod", "web.dockerfile", "Containerfile"])
def test_a_file_is_known_for_a_dockerfile_by_its_name(name: str) -> None:
    pathlib.Path(name).write_text(SHOP)
    run(f"init {name} {IMAGE}")
    assert "python" in pathlib.Path("formation.yaml").read_text()
