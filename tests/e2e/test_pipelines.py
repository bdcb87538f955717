"""The steps of our pipelines, each as its runner starts it, with a real registry and real processes."""

import hashlib
import pathlib
import shutil
import subprocess
from collections.abc import Callable

import pytest

from hack.cluster.cluster import Cluster
from hack.images import debian
from tests.e2e.scripts import GREETS, shop_of
from tests.live.client import Client, eventually, fetch
from tests.live.plugin import Plugin
from tests.shared import builders, pipelines
from tests.shared.pipelines import GITLAB

pytestmark = pytest.mark.node

DEPLOY, GITOPS, PREVIEW = (
    pipelines.CI / "github" / f"{name}.yml" for name in ("deploy", "gitops", "preview")
)
OTHER_TAG = debian.IMAGE.name.removesuffix(":latest")
UNPULLABLE = "registry.example.com/shop:nowhere"
Step = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A checkout with one commit."""
    made = tmp_path / "checkout"
    made.mkdir()
    (made / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    commit(made, "the first")
    return made


def git(folder: pathlib.Path, *words: str) -> None:
    known = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", *known, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: pathlib.Path, message: str) -> None:
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--message", message)


@pytest.fixture
def step(formation: Plugin, deployer: pathlib.Path, folder: pathlib.Path, tmp_path: pathlib.Path) -> Step:
    """Run a step of GitHub in the checkout."""

    def run(
        file: pathlib.Path, name: str, where: str = ".", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        known = {"FORMATION": "shop", "RUNNER_TEMP": str(tmp_path), "DEPLOYER": deployer.read_text()}
        everything = {**formation.environment(), **known, **variables}
        return pipelines.run(file, name, folder / where, **everything)

    return run


@pytest.fixture
def running(person: Client) -> Client:
    """A user whose shop runs."""
    person.ready(shop_of(web=GREETS))
    return person


@pytest.mark.long
def test_the_step_that_deploys_waits_notes_the_commit_and_goes_back_if_it_fails(
    running: Client, step: Step, formation: Plugin
) -> None:
    done = step(DEPLOY, "Deploy", IMAGE=OTHER_TAG)
    assert done.returncode == 0, done.stderr
    assert "all process types run as declared" in done.stderr
    assert " by Ann" in formation.within("history", "shop").stdout
    failed = step(DEPLOY, "Deploy", IMAGE=UNPULLABLE)
    assert failed.returncode == 1
    assert "shop is back at revision 2 (image " in failed.stderr


@pytest.mark.long
def test_gitlab_deploys_with_a_kubectl_and_a_plugin_that_it_has_fetched(
    running: Client, formation: Plugin, deployer: pathlib.Path, folder: pathlib.Path
) -> None:
    tools = {"KUBECTL": running.cluster.kubectl, "PLUGIN": formation.scripts / "kubectl-formation"}
    digests = {
        f"{name}_SHA256": hashlib.sha256(file.read_bytes()).hexdigest() for name, file in tools.items()
    }
    known = {
        "FORMATION": "shop",
        "IMAGE": OTHER_TAG,
        "DEPLOYER": str(deployer),
        "CI_PROJECT_DIR": str(folder),
    }
    about = {"CI_COMMIT_SHORT_SHA": "1234567", "GITLAB_USER_LOGIN": "ann"}
    urls = {name: file.as_uri() for name, file in tools.items()}
    everything = {**formation.environment(), **known, **about, **urls, **digests}
    done = pipelines.run(GITLAB, "deploy", folder, **everything)
    assert done.returncode == 0, done.stderr
    assert "1234567 by ann" in formation.within("history", "shop").stdout


def test_the_steps_that_build_and_push_leave_the_image_of_the_commit_in_the_registry(
    registry: str, builder: dict[str, str], folder: pathlib.Path
) -> None:
    image = {tag: f"{registry}/shop:{tag}" for tag in ("github", "gitops", "gitlab", "preview")}
    known = {"REPOSITORY": f"{registry}/shop", "TAG": "preview"}
    steps = [
        (DEPLOY, "Build", image["github"]),
        (DEPLOY, "Push", image["github"]),
        (GITOPS, "Build", image["gitops"]),
        (GITOPS, "Push", image["gitops"]),
        (GITLAB, "build", image["gitlab"]),
        (PREVIEW, "Build and push", ""),
    ]
    for file, name, wanted in steps:
        done = pipelines.run(file, name, folder, **builder, **known, IMAGE=wanted)
        assert done.returncode == 0, f"{file.name}: {name}\n{done.stdout}{done.stderr}"
    for tag in image:
        assert '"mediaType"' in fetch(f"http://{registry}/v2/shop/manifests/{tag}")


@pytest.mark.long
def test_a_copy_for_a_pull_request_is_web_alone_with_its_own_database_until_it_is_closed_or_old(
    person: Client, administrator: Cluster, step: Step, folder: pathlib.Path
) -> None:
    entitled = Client(administrator, person.namespace)
    app = shop_of(web=GREETS, worker=GREETS)
    app["spec"] |= {
        "release": {"command": ["/bin/sh", "-c", "exit 1"]},
        "schedules": {"report": {"command": ["/bin/true"], "schedule": "0 3 * * *"}},
        "env": [{"name": "DATABASE_URL", "value": "production"}, {"name": "GREETING", "value": "hello"}],
    }
    app["spec"]["processes"]["web"] |= {"replicas": 3}
    shutil.copytree(pipelines.CI / "preview", folder / "preview")
    overlay = folder / "preview/overlay"
    (overlay / "formation.yaml").write_text(builders.text(app))
    text = (
        (overlay / "kustomization.yaml").read_text().replace("../../../samples # your app", "formation.yaml")
    )
    text = text.replace("namespace: previews", f"namespace: {person.namespace}")
    repository, tag = OTHER_TAG, "latest"
    text = text.replace("registry.example.com/shop:", f"{repository}:")
    (overlay / "kustomization.yaml").write_text(text)
    binding = ("create", "rolebinding", "previews", "--clusterrole=formation-edit")
    entitled(*binding, f"--serviceaccount={person.namespace}:deployer")
    account = f"--as=system:serviceaccount:{person.namespace}:deployer"
    eventually(lambda: entitled("auth", "can-i", "create", "fm", account, check=False).returncode == 0)

    done = step(PREVIEW, "Start the copy", NUMBER="12", TAG=tag)
    assert done.returncode == 0, done.stderr
    spec = person.get("formation", "shop-pr-12")["spec"]
    assert (spec["image"], [*spec["processes"]]) == (f"{repository}:{tag}", ["web"])
    assert not {"release", "schedules"} & {*spec}
    missing = "there is no Secret database-pr-12"
    eventually(lambda: missing in str(person.get("formation", "shop-pr-12")["status"].get("processes")))
    person("create", "secret", "generic", "database-pr-12", "--from-literal=url=its own")
    person("wait", "--for=condition=Ready", "formation/shop-pr-12", "--timeout=120s")
    said = person("exec", "deployment/shop-pr-12-web", "--", "sh", "-c", "echo $DATABASE_URL").stdout
    assert said == "its own\n"
    (deployment,) = person.list_all("deployment")
    assert deployment["spec"]["replicas"] == 1
    assert not person.list_all("job") + person.list_all("cronjob")

    assert step(PREVIEW, "Delete old copies", AGE="7 days ago").returncode == 0
    assert person.find("formation", "shop-pr-12")
    assert step(PREVIEW, "Delete the copy", NUMBER="1").returncode == 0
    assert person.find("formation", "shop-pr-12")
    assert step(PREVIEW, "Delete the copy", NUMBER="12").returncode == 0
    eventually(lambda: not person.list_all("formation"))
    step(PREVIEW, "Start the copy", NUMBER="13", TAG=tag)
    old = step(PREVIEW, "Delete old copies", AGE="1 hour")
    assert old.returncode == 0, old.stderr
    eventually(lambda: not person.list_all("formation"))
