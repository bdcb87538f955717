"""The tutorial, and two ways to come here, typed as their pages have them: `make walk`."""

import json
import pathlib
import re
from collections.abc import Iterator

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import busybox, shop_image
from hack.operator_process import OperatorProcess
from tests.e2e import pages
from tests.e2e.pages import PATIENCE, Reader, below
from tests.live import once
from tests.live.client import Client, eventually
from tests.shared import documents
from tests.shared.builders import IMAGE, Manifest
from tests.systems.web_client import SteadyClient, try_to_get

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]

FAILS = {
    "exit 1": ("worker: exited with code 1: {fails}", "Old processes keep running"),
    "no-such-tag": ("can't pull its image", "Old processes keep running", "To go back: kubectl formation"),
}
"""By a part of a block whose last command fails, what the page says that the command writes."""
SEEN = {
    "get deployments,services,pods": ("shop-web", "shop-worker", "shop-clock"),
    "deployment/shop-worker --replicas=3": ("clock=1 web=3 worker=3",),
    "kubectl formation release shop": ("{migrates}",),
    "kubectl formation history shop": ("Failed as canary", "Not rolled out", "Runs"),
    "kubectl set image": ("{second}",),
    "kubectl apply -k": ("clock=1/1", "web=2/2", "worker=2/2"),
}
"""By a part of a block, what the page says that its last command shows, at once or after a while."""
SAMPLES = {
    "its own": {"second": busybox.NEXT.name, "fails": "no database", "migrates": "migrated"},
    "of this repository": {
        "second": f"{shop_image.REPOSITORY}:v2",
        "fails": "fail: failed: this process type always fails",
        "migrates": "migrate: step 3 of 3 done",
    },
}
"""By whose the cluster is, what the commands of its sample write."""
HERE = "## On the cluster of this repository"
NOT_TYPED = {"kubectl formation port-forward shop 8080": "it takes a port until Ctrl-C"}
ENDS = "kubectl delete -k"


@pytest.fixture
def reader(
    real_node: Cluster, operator: OperatorProcess, scripts: pathlib.Path, tmp_path: pathlib.Path
) -> Iterator[Reader]:
    """A reader in a checkout that is called as the app, and a namespace of his own."""
    pages.load_app_with_a_shell(real_node, tmp_path / "image")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "manifests").symlink_to(paths.ROOT / "manifests")
    with pages.read_by_somebody(real_node, "walk", folder, scripts) as variables:
        client = Client(real_node, "walk")
        eventually(lambda: client.find("serviceaccount", "default"))
        yield Reader(folder, variables, client)
    eventually(lambda: not client.find("namespace", "walk"), PATIENCE)


def page(name: str, *, until: str = "") -> list[tuple[str, str]]:
    """Return the blocks of a page, up to a heading."""
    text = (paths.ROOT / "docs" / name).read_text()
    assert until in text
    return pages.blocks(text.partition(until)[0] if until else text)


def commands(name: str, *, until: str = "") -> list[str]:
    """Return what a page has typed, up to a heading."""
    return [text for kind, text in page(name, until=until) if kind == "sh"]


def tutorial(cluster: str) -> str:
    """Return the tutorial, for the cluster of this repository with the words replaced."""
    text, _, here = (paths.ROOT / "docs" / "tutorial.md").read_text().partition(HERE)
    if cluster == "of this repository":
        for words, there in re.findall(r"^\| `(.*)` \| `(.*)` \|$", here, re.MULTILINE):
            assert words in text
            text = text.replace(words, there)
    return text


@pytest.mark.parametrize("cluster", SAMPLES)
def test_the_tutorial_shows_what_it_says(cluster: str, reader: Reader) -> None:
    for image in (busybox.IMAGE, busybox.NEXT):
        once.load(reader.kubectl.cluster, busybox.build(image))
    reader.kubectl("label", "namespace", "walk", pages.RESTRICTED)
    if cluster == "of this repository":
        reader.types("kubectl apply -k manifests/samples/")  # what `make demo` leaves behind
        reader.types("kubectl scale formation/shop --replicas=3")
    text = tutorial(cluster)
    blocks, original = pages.blocks(text), pages.blocks(tutorial("its own"))
    seen, failed = set(), set()
    for place, (kind, commands) in enumerate(blocks):
        if kind == "console":
            assert commands.strip() in NOT_TYPED
        if kind != "sh":
            continue
        if fails := next((each for each in FAILS if each in original[place][1]), ""):
            done = pages.typed(commands, reader.folder, reader.variables)
            assert done.returncode == 1, f"{commands}\n{done.stdout}{done.stderr}"
            said = " ".join(done.stderr.split())
            assert [each for each in FAILS[fails] if each.format(**SAMPLES[cluster]) not in said] == []
            failed.add(fails)
            continue
        if ENDS in commands:
            for alone in documents.CELL.findall(text):
                reader.types(alone)
        part = next((each for each in SEEN if each in commands), "")
        seen.add(part)
        words = [each.format(**SAMPLES[cluster]) for each in SEEN.get(part, ())]
        shown = [" ".join(line) for line in pages.columns(below(blocks, place))]
        reader.types_until(commands, *words, *shown)
        if "set image" in part:
            reader.types_until(
                "kubectl describe formation shop", "DriftRepaired", "kubectl-set", "containers.web.image"
            )
    assert seen >= SEEN.keys()
    assert failed == FAILS.keys()
    eventually(lambda: not reader.kubectl.list_all("deployment"))


def plain(name: str, label: str, *command: str) -> Manifest:
    """Return a Deployment as somebody has it who never heard of us; its processes leave in time."""
    labels = {"app": label}
    container = {
        "name": "main",
        "image": IMAGE,
        "command": [*command],
        "env": [{"name": "PORT", "value": "8080"}],
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "readinessProbe": {"tcpSocket": {"port": 8080}} if label == "shop" else None,
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def served(reader: Reader, *deployments: Manifest) -> str:
    """Run plain Deployments with the Service and the settings of before, and return where they answer."""
    ports = [{"port": 8080, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"}}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}, "data": {"A": "1"}}
    reader.kubectl.apply({**service, "spec": {"selector": {"app": "shop"}, "ports": ports}})
    reader.kubectl.apply(settings)
    for each in deployments:
        reader.kubectl.apply(each)
        reader.kubectl("rollout", "status", f"deployment/{each['metadata']['name']}", "--timeout=3m")
    url = f"http://{reader.kubectl.get('service', 'shop')['spec']['clusterIP']}:8080"
    eventually(lambda: try_to_get(url))
    return url


FROM_DEPLOYMENTS = "how-to/from-deployments.md"
TAKEN = "## If the names are taken"


def shop_yaml(reader: Reader) -> None:
    """Save the page's Formation, as it says."""
    (text,) = (text for kind, text in page(FROM_DEPLOYMENTS, until=TAKEN) if kind == "yaml")
    (reader.folder / "shop.yaml").write_text(text)


def test_an_app_moves_from_plain_deployments_and_no_request_fails(reader: Reader) -> None:
    url = served(reader, plain("web", "shop", "/shop", "web"), plain("worker", "worker", "/shop", "worker"))
    shop_yaml(reader)
    with SteadyClient(url) as client:
        for kind, commands in page(FROM_DEPLOYMENTS, until=TAKEN):
            if kind == "sh":
                with client.during(commands.splitlines()[0]):
                    reader.types(commands)
        with client.during("afterwards"):
            reader.types("kubectl wait --for=condition=Ready formation/shop --timeout=3m")
            eventually(lambda: len(reader.kubectl.list_all("pod")) == 4, PATIENCE)
    print(*client.figures(), sep="\n")
    assert client.failed == {}
    assert json.loads(try_to_get(url) or "")["formation"] == "shop"
    left = {each["metadata"]["name"] for each in reader.kubectl.list_all("deployment")}
    assert left == {"shop-web", "shop-worker"}


def test_a_deployment_whose_name_is_taken_moves_and_no_request_fails(reader: Reader) -> None:
    url = served(reader, plain("shop-web", "shop", "/shop", "web"))
    shop_yaml(reader)
    commands = next(
        text
        for kind, text in page(FROM_DEPLOYMENTS)[len(page(FROM_DEPLOYMENTS, until=TAKEN)) :]
        if kind == "sh"
    )
    first, _, last = commands.rpartition("kubectl delete replicaset")
    with SteadyClient(url) as client, client.during("all of it"):
        reader.types(first)
        (old,) = (
            each["metadata"]["name"]
            for each in reader.kubectl.list_all("replicaset")
            if not each["metadata"].get("ownerReferences")
        )
        reader.types(f"kubectl delete replicaset{last}".replace("shop-web-OLD", old))
        eventually(lambda: len(reader.kubectl.list_all("pod")) == 2, PATIENCE)
    print(*client.figures(), sep="\n")
    assert client.failed == {}


HEROKU = [
    {"type": "web", "quantity": 1, "size": {"name": "Standard-1X"}, "command": "/shop web"},
    {"type": "worker", "quantity": 2, "size": {"name": "Standard-1X"}, "command": "/shop worker"},
]
DATABASE = "postgres://shop:hunter2@db/shop"
APP = {"name": "shop", "formation": {"web": {"quantity": 2, "size": "Standard-1X"}}}


def test_an_app_comes_from_a_procfile_and_from_heroku(reader: Reader) -> None:
    release = f'release: test "$DATABASE_URL" = {DATABASE} && exec /shop migrate'
    (reader.folder / "Procfile").write_text(f"web: /shop web\nworker: /shop worker\n{release}\n")
    (reader.folder / ".env").write_text(f"PORT=5000\nLOG_LEVEL=info\nexport DATABASE_URL='{DATABASE}'\n")
    (reader.folder / "formation.json").write_text(json.dumps(HEROKU))  # what the first line would fetch
    (reader.folder / "app.json").write_text(json.dumps(APP))
    procfile, looks = commands("how-to/procfile.md", until="## On the laptop")
    heroku, _variables = commands("how-to/leaving-heroku.md")  # the last asks Heroku, too

    reader.types(procfile)
    reader.types(looks)
    reader.types_until("kubectl get fm shop", "True", "web=2/2 worker=1/1")
    _, *others = procfile.splitlines()
    reader.types("\n".join(others))  # as the page says, they may be repeated
    status = reader.kubectl.get("formation", "shop")["status"]
    assert status["release"]["state"] == "Succeeded"
    (job,) = reader.kubectl.list_all("job")
    assert job["status"].get("failed", 0) == 0, "it had its settings when it began"
    _, by_list, by_app = heroku.splitlines()
    reader.types(by_list)
    reader.types("kubectl apply -f formation.yaml")
    reader.types_until("kubectl get fm shop", "True", "web=1/1 worker=2/2")
    reader.types(by_app)
    reader.types("kubectl apply -f formation.yaml")
    reader.types_until("kubectl get fm shop", "True", "web=2/2")


def test_variables_are_set_as_the_page_on_config_says(reader: Reader) -> None:
    reader.types("kubectl apply -k manifests/samples/")
    (reader.folder / "url.txt").write_text(f"{DATABASE}\n")
    (reader.folder / "secrets.env").write_text("TOKEN=abc\nSIGNING_KEY=def\nMODE=fast\n")
    for each in commands("how-to/config.md"):
        reader.types(each)
    lines = reader.types("kubectl formation config shop").splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines[1:])
    assert shown.pop("LOG_LEVEL") == "spec.env"
    assert shown.keys() == {"DATABASE_URL", "TOKEN", "SIGNING_KEY"}
    assert all(each.startswith("Secret shop-config-") for each in shown.values())
    reader.types("kubectl wait --for=condition=Ready formation/shop --timeout=3m")


def test_a_release_runs_before_a_deploy_as_the_page_says(reader: Reader) -> None:
    reader.types("kubectl apply -k manifests/samples/")
    reader.types_until("kubectl get fm shop", "True", "web=2/2")
    blocks = page("how-to/releases.md")
    for place, (kind, commands) in enumerate(blocks):
        if kind == "sh":
            shown = [" ".join(line) for line in pages.columns(below(blocks, place))]
            reader.types_until(commands, *shown)
        if "status.release.message" in commands:
            said = "exited with code 1: fail: failed: this process type always fails"
            reader.types_until(commands, said, "rollback shop", "kubectl delete job shop-release-")
    status = reader.kubectl.get("formation", "shop")["status"]
    assert status["release"]["state"] == "Succeeded"
    eventually(lambda: len(reader.kubectl.list_all("job")) == 2)  # older ones have gone


def test_a_schedule_is_declared_and_run_as_the_page_says(reader: Reader) -> None:
    reader.types("kubectl apply -k manifests/samples/")
    reader.types_until("kubectl get fm shop", "True", "web=2/2")
    for kind, commands in page("how-to/schedules.md"):
        if kind == "sh" and "get cronjob" in commands:
            reader.types_until(commands, "shop-nightly-report 0 3 * * *")
        elif kind == "sh":
            shown = reader.types(commands)
            assert "run shop" not in commands or "migrate: step 3 of 3 done" in shown
    reader.types_until("kubectl formation ps shop", "nightly-report - Scheduled")
    assert [each["status"]["succeeded"] for each in reader.kubectl.list_all("job")] == [1]


def test_what_ran_before_is_back_as_the_page_says(reader: Reader) -> None:
    reader.types("kubectl apply -k manifests/samples/")
    reader.types_until("kubectl get fm shop", "True", "web=2/2")
    has_run_well = ("wait", "--for=jsonpath={.status.revision.ready}=true", "formation/shop", "--timeout=3m")
    reader.kubectl(*has_run_well)
    for kind, commands in page("how-to/go-back.md"):
        if kind == "sh" and "--rollback-on-failure" in commands:
            done = pages.typed(commands, reader.folder, reader.variables)
            assert done.returncode == 1, done.stderr
            assert "shop is back at revision" in done.stderr
        elif kind == "sh":
            for line in commands.strip().splitlines():
                reader.types(line)
                if line.startswith("kubectl formation deploy"):
                    reader.kubectl(*has_run_well)
    spec = reader.kubectl.get("formation", "shop")["spec"]
    assert spec["image"] == IMAGE
    assert "env" not in spec
    rows = pages.columns(reader.types("kubectl formation history shop"))
    states = [row[2] for row in rows[1:]]
    assert states.count("Runs") == 1
    assert "Ran" in states, "what ran for a minute"
    assert "Kept" in states, "and what never ran is only kept"
