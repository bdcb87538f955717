"""What commands that only read import: a person waits for that, and can't type after a Tab meanwhile."""

import json
import os
import pathlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.shared import builders
from tests.unit.cli import kubectls

HEAVY = ("jsonschema", "kubernetes", "pydantic", "pydantic_core", "rich", "yaml", "urllib3")
"""Modules that take long to import."""
FORMATION = builders.stored(builders.a_formation(processes={"web": builders.a_process(replicas=1)}))


class Handler(BaseHTTPRequestHandler):
    """Has one Formation, and nothing else."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        items = [FORMATION] if path.endswith("/formations") else []
        version = {} if "metrics.k8s.io" in path else {"resourceVersion": "1"}
        listed = {"metadata": version, "items": items}
        text = json.dumps(FORMATION if path.endswith("/shop") else listed).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def cluster(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kubeconfig leads to it, with a token."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = {"server": f"http://127.0.0.1:{server.server_port}"}
        kubectls.install(tmp_path, monkeypatch, kubectls.viewing(kubectls.a_config({"token": "t"}, **place)))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        yield
        server.shutdown()


def imported(script: str, *words: str) -> tuple[list[str], str]:
    """Return the heavy modules that a command has imported in the end, and what it printed."""
    heavy = f"[each for each in {HEAVY} if each in sys.modules]"
    script = f"import atexit, sys; atexit.register(lambda: print({heavy}, file=sys.stderr)); {script}"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, env={**os.environ}
    )
    return json.loads(done.stderr.splitlines()[-1].replace("'", '"')), done.stdout


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("ps", "shop"),
        ("ps shop", "web"),
        ("top shop", "web"),
        ("history shop", ""),
        ("scale shop", "web=1"),
        ("logs shop", ""),
        ("events shop", ""),
    ],
)
def test_a_reader_imports_only_what_sends_requests(words: str, shown: str) -> None:
    heavy, said = imported("from formation_cli.__main__ import main; main()", *words.split())
    assert heavy == ["urllib3"]
    assert shown in said


def test_help_imports_nothing_that_takes_long() -> None:
    heavy, said = imported("from formation_cli.__main__ import main; main()", "--help")
    assert heavy == []
    assert "ps" in said


@pytest.mark.usefixtures("cluster")
def test_tab_imports_only_what_sends_requests() -> None:
    heavy, said = imported("from formation_cli.completion import main; main()", "scale", "shop", "")
    assert heavy == ["urllib3"]
    assert said.splitlines()[0] == "web="


@pytest.mark.parametrize(
    ("words", "needed"), [("--help", False), ("Procfile", False), ("compose.yaml", True)]
)
def test_init_imports_what_reads_the_schema_of_compose_for_a_compose_file_alone(
    words: str, needed: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("Procfile").write_text("web: shop\n")
    pathlib.Path("compose.yaml").write_text("services: {web: {image: shop, command: shop}}\n")
    heavy, _ = imported("from formation_cli.__main__ import main; main()", "init", words, "--image=shop:v1")
    assert ("jsonschema" in heavy) == needed
