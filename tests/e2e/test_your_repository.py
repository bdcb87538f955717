"""A repository gets to run where the operator is already, typed as its page has it: `make walk`.

Somebody types all of docs/how-to/your-repository.md whose rights are the role `edit` in one namespace. What
differs from their machine:

- `docker` is buildah, which takes the same words: no container engine is here. Of Python's image, it has
  Debian's own Python under that name, whose pip asks where pip asks here;
- `registry.example.com` is a registry on this machine, from which the node pulls;
- `db.example.com` and `PASSWORD` are those of a PostgreSQL that is started for this;
- the forwarded port is one that is free here;
- between the two builds they change the app, since that is what a next version is for.
"""

import contextlib
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from hack import local_http
from hack.cluster import paths
from hack.cluster.cluster import Cluster, environment
from hack.images import debian, pip_settings
from hack.operator_process import OperatorProcess
from tests.e2e import pages
from tests.e2e.pages import Reader
from tests.live import database
from tests.live.client import Client, eventually
from tests.shared.terminal import Terminal
from tests.systems.web_client import try_to_get

pytestmark = [pytest.mark.long, pytest.mark.node]

NAMESPACE = "shop"
PAGE = (paths.ROOT / "docs" / "how-to" / "your-repository.md").read_text()
FILE = re.compile(r"# (\S+)\n")
"""How a block begins that is saved as a file."""
BASE = re.compile(r"^FROM (\S+)$", re.MULTILINE)
SOMEBODY = "developer"


@pytest.fixture
def developer(real_node: Cluster, operator: OperatorProcess) -> Iterator[Cluster]:
    """The cluster as somebody has it who may edit one namespace, which enforces `restricted`."""
    real_node.run_kubectl("create", "namespace", NAMESPACE)
    real_node.run_kubectl("label", "namespace", NAMESPACE, pages.RESTRICTED)
    entitled = Client(real_node, NAMESPACE)
    entitled("create", "serviceaccount", SOMEBODY)
    subject = f"--serviceaccount={NAMESPACE}:{SOMEBODY}"
    entitled("create", "rolebinding", SOMEBODY, "--clusterrole=edit", subject)
    eventually(lambda: entitled.find("serviceaccount", "default"))
    yield real_node
    real_node.run_kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    eventually(lambda: not entitled.find("namespace", NAMESPACE), pages.PATIENCE)


@pytest.fixture
def reader(
    developer: Cluster, scripts: pathlib.Path, builder: dict[str, str], tmp_path: pathlib.Path
) -> Reader:
    """The developer in an empty folder, whose docker has the base of the Dockerfile."""
    folder = tmp_path / "shop"
    folder.mkdir()
    kubeconfig = tmp_path / "kubeconfig"
    made = developer.kubeconfig_for(NAMESPACE, SOMEBODY).read_text()
    kubeconfig.write_text(made.replace(f"namespace: {NAMESPACE}\n", "namespace: default\n"))
    options = pip_settings.bud_options(tmp_path, secret=False, **{"break-system-packages": "true"})
    own = {
        "KUBECONFIG": str(kubeconfig),
        "PATH": os.pathsep.join([str(scripts), str(developer.kubectl.parent), builder["PATH"]]),
        "PYTHONPATH": str(paths.ROOT / "operator"),
        "BUILD_OPTIONS": " ".join(options),
    }
    somebody = Reader(folder, {**environment(), **builder, **own}, Client(developer, NAMESPACE))
    (base,) = BASE.findall(PAGE)
    somebody.types(f"docker pull docker-archive:{debian.base()} && docker tag {debian.IMAGE.name} {base}")
    return somebody


def saved(reader: Reader, name: str, text: str) -> None:
    """Save a file; what they add to that of `init` is all that differs from it."""
    file = reader.folder / name
    if file.exists():
        edited = yaml.safe_load(text)
        del edited["spec"]["release"], edited["spec"]["processes"]["worker"]
        assert edited == yaml.safe_load(file.read_text())
    file.write_text(text)


def presses_enter(reader: Reader, command: str) -> str:
    """Type a command that asks something, and return what the terminal shows then."""
    with Terminal(["bash", "-c", f"cd {reader.folder} && {command}"], reader.variables, columns=200) as shown:
        shown.sees("secret")
        shown.press("\n")
    assert shown.code == 0, shown.screen
    return shown.screen


def alike(output: str) -> str:
    """Return an output without what differs each time: ends of names, ages, counts and widths of columns."""
    return re.sub(r"-[0-9a-z]+-[0-9a-z]{5}\b|(\d+[hms])+|\d+| +", " ", output)


@contextlib.contextmanager
def until_ctrl_c(reader: Reader, command: str) -> Iterator[None]:
    """Have a command run in another terminal."""
    process = subprocess.Popen(command.split(), cwd=reader.folder, env=reader.variables)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def test_a_repository_runs_and_is_deployed_again_with_the_role_edit_in_one_namespace(
    reader: Reader, registry: str
) -> None:
    here = f"localhost:{local_http.free_port()}"
    differs = {
        "registry.example.com": registry,
        "PASSWORD": database.PASSWORD,
        "db.example.com": database.start(reader.kubectl),
        "localhost:8000": here,
        "port-forward shop": f"port-forward shop {here.partition(':')[2]}",
    }
    text = PAGE
    for theirs, ours in differs.items():
        assert theirs in text
        text = text.replace(theirs, ours)
    blocks = pages.blocks(text)
    with contextlib.ExitStack() as terminals:
        for place, (kind, commands) in enumerate(blocks):
            output = pages.below(blocks, place)
            if found := FILE.match(commands):
                saved(reader, found[1], commands)
            elif kind == "console":
                terminals.enter_context(until_ctrl_c(reader, commands))
            elif "formation init" in commands:
                assert output in presses_enter(reader, commands)
            elif "curl" in commands:
                eventually(lambda: alike(output) == alike(reader.types(commands)))  # noqa: B023
            elif kind == "sh":
                if ":v2" in commands:
                    program = reader.folder / "app.py"
                    program.write_text(program.read_text().replace("jobs done", "jobs that v2 counts"))
                shown = reader.types(commands)
                assert "can-i" not in commands or shown.endswith("yes\n")
                assert alike(shown).endswith(alike(output))
    web = reader.kubectl.get("service", "shop-web")["spec"]["clusterIP"]
    answer = eventually(lambda: try_to_get(f"http://{web}:8000"))
    assert answer.startswith("jobs that v2 counts: ")
    images = {pod["spec"]["containers"][0]["image"] for pod in reader.kubectl.list_all("pod")}
    assert f"{registry}/shop:v2" in images
