"""The pipelines that we ship: what they may do, and that the plugin is what its checksum says."""

import functools
import hashlib
import http.server
import pathlib
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.shared import pipelines
from tests.shared.pipelines import GITHUB, GITLAB

EVERY = [*GITHUB, GITLAB]
SCRIPTS = [
    pytest.param(script, id=f"{file.name}-{name}")
    for file in EVERY
    for name, script in pipelines.scripts(file).items()
]
PLUGIN = b"#!/bin/sh\necho the plugin\n"
MARKER = '# {"$imagepolicy": "flux-system:shop:tag"}'
"""From which Flux's image automation knows the line."""


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_one_of_bash_and_has_no_expression_in_it(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "${{" not in script


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.name)
def test_a_pipeline_of_github_has_no_more_than_it_needs(file: pathlib.Path) -> None:
    pipeline = pipelines.load(file)
    assert pipeline["permissions"] in ({"contents": "read"}, {})
    assert all(0 < job["timeout-minutes"] <= 30 for job in pipeline["jobs"].values())
    above = {**pipeline, "jobs": [{**job, "steps": []} for job in pipeline["jobs"].values()]}
    assert "secrets." not in str(above)
    assert pipeline["concurrency"]["group"]


@pytest.fixture
def served(tmp_path: pathlib.Path) -> Iterator[str]:
    """The address of the plugin's file."""
    (tmp_path / "kubectl-formation-linux").write_bytes(PLUGIN)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/kubectl-formation-linux"
        server.shutdown()


FETCHES = [(file, "Install the plugin") for file in GITHUB if "PLUGIN" in file.read_text()]


@pytest.mark.parametrize(("file", "step"), FETCHES, ids=lambda value: str(getattr(value, "name", "")))
@pytest.mark.parametrize("is_it", [True, False], ids=["right", "wrong"])
def test_a_runner_of_github_gets_the_plugin_that_has_the_checksum_and_no_other(
    file: pathlib.Path, step: str, served: str, tmp_path: pathlib.Path, *, is_it: bool
) -> None:
    digest = hashlib.sha256(PLUGIN if is_it else b"another").hexdigest()
    folders = {"HOME": str(tmp_path), "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(tmp_path / "path")}
    done = pipelines.run(file, step, tmp_path, PLUGIN=served, PLUGIN_SHA256=digest, **folders)
    plugin = tmp_path / ".local/bin/kubectl-formation"
    assert (done.returncode == 0, plugin.exists()) == (is_it, is_it), done.stderr
    if is_it:
        assert subprocess.run([plugin], capture_output=True, check=True).stdout == b"the plugin\n"
        assert (tmp_path / "path").read_text() == f"{plugin.parent}\n"


@pytest.mark.parametrize("is_it", [True, False], ids=["right", "wrong"])
def test_a_runner_of_gitlab_starts_nothing_that_has_another_checksum(
    served: str, tmp_path: pathlib.Path, *, is_it: bool
) -> None:
    right = hashlib.sha256(PLUGIN).hexdigest()
    other = right if is_it else hashlib.sha256(b"another").hexdigest()
    tools = {"KUBECTL": served, "PLUGIN": served, "KUBECTL_SHA256": right, "PLUGIN_SHA256": other}
    needs = {"CI_PROJECT_DIR": str(tmp_path), "FORMATION": "shop", "IMAGE": "shop:v2", "DEPLOYER": "x"}
    done = pipelines.run(
        GITLAB, "deploy", tmp_path, **tools, **needs, CI_COMMIT_SHORT_SHA="1", GITLAB_USER_LOGIN="a"
    )
    assert (done.returncode == 0, "the plugin\n" in done.stdout) == (is_it, is_it), done.stderr


@pytest.mark.parametrize("before", ["v1", '"v1"', " 1.0"])
def test_a_commit_changes_the_tag_and_keeps_what_stands_behind_it(
    before: str, tmp_path: pathlib.Path
) -> None:
    (file,) = (each for each in GITHUB if each.name == "gitops.yml")
    remote, manifests = tmp_path / "remote", tmp_path / "manifests"
    person = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    kustomization = manifests / "shop" / "kustomization.yaml"
    _git(tmp_path, "init", "--bare", "remote")
    _git(tmp_path, "clone", "remote", "manifests")
    kustomization.parent.mkdir()
    kustomization.write_text(f"images:\n  - name: shop\n    newTag: {before} {MARKER}\n")
    _git(manifests, "add", ".")
    _git(manifests, *person, "commit", "--message", "v1")
    for _ in range(2):  # a pipeline that runs again has nothing to commit
        done = pipelines.run(file, "Commit the tag", manifests, FOLDER="shop", IMAGE="example.com/shop:1e5")
        assert done.returncode == 0, done.stderr
    assert kustomization.read_text() == f'images:\n  - name: shop\n    newTag: "1e5" {MARKER}\n'
    assert _git(remote, "log", "--format=%s", "--max-count=1") == "Deploy 1e5\n"


def _git(folder: pathlib.Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout
