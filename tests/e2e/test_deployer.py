"""The identity of a pipeline: what each command asks for with it, and that its role grants no more."""

import contextlib
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from formation_cli import failures
from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import debian
from hack.kustomization import load
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin

pytestmark = pytest.mark.node

PAGE = paths.ROOT / "docs" / "how-to" / "ci.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
OTHER_TAG = debian.IMAGE.name.removesuffix(":latest")
UNPULLABLE = "registry.example.com/shop:nowhere"
FORBIDDEN = 403
Asked = dict[str, set[tuple[str, str]]]
VERBS = {"PATCH": "patch", "POST": "create", "DELETE": "delete"}
PATH = re.compile(r"/apis?/(?:(?P<group>[\w.]+)/)?v\w+(?:/namespaces/[\w-]+)?/(?P<plural>\w+)(?P<rest>/.+)?")
REVIEWS = "selfsubjectaccessreviews"
"""Anyone may ask what they may do."""


def right(method: str, url: str) -> tuple[str, str]:
    """Return the verb and the resource of a request, as a role names them."""
    parts = urlsplit(url)
    found = PATH.fullmatch(parts.path)
    assert found, url
    name, below = f"{found['rest'] or ''}//".split("/")[1:3]
    read = "get" if name else "watch" if "watch=" in parts.query else "list"
    whole = f"{found['plural']}/{below}" if below else found["plural"]
    return VERBS.get(method, read), f"{whole}.{found['group']}" if found["group"] else whole


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What each command has asked the API server for, and was given."""
    found: Asked = {"": set()}
    send = urllib3.PoolManager.request

    def noting(self: urllib3.PoolManager, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        response = send(self, method, url, **options)
        if response.status != FORBIDDEN and REVIEWS not in url:
            found[""].add(right(method, url))
        return response

    monkeypatch.setattr(urllib3.PoolManager, "request", noting)
    return found


Typed = Callable[..., Any]


@pytest.fixture
def typed(formation: Plugin, deployer: pathlib.Path, asked: Asked) -> Typed:
    """Type a command as the pipeline does, and note what it asks for."""

    def run(*words: str, code: int = 0) -> Any:
        asked[""].clear()  # what the test itself has looked at
        done = formation.within("--kubeconfig", str(deployer), *words, code=code)
        asked.setdefault(words[0], set()).update(asked[""])
        return done

    return run


def shown() -> Asked:
    """Return the rights of each command in the page's table."""
    found: Asked = {}
    for command, cell in ROW.findall(PAGE.read_text()):
        for verbs, resource in re.findall(r"([a-z, ]+) `([\w./]+)`", cell):
            found.setdefault(command, set()).update((each, resource) for each in verbs.strip().split(", "))
    return found


def granted() -> set[tuple[str, str]]:
    """Return what the shipped role grants."""
    roles = load(paths.ROOT / "manifests/rbac/users.yaml")
    (role,) = [each for each in roles if each["metadata"]["name"] == "formation-deployer"]
    return {
        (verb, f"{resource}.{group}" if group else resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@contextlib.contextmanager
def hanging(person: Client, formation: dict[str, Any]) -> Iterator[None]:
    """Declare a version whose release doesn't end, for as long as it takes."""
    release = {"command": ["/bin/sh", "-c", "sleep 600"]}
    person.apply({**formation, "spec": {**formation["spec"], "release": release}})
    person("wait", "--for=jsonpath={.status.release.state}=Running", "formation/shop", "--timeout=60s")
    eventually(lambda: any(each["status"].get("ready") for each in person.list_all("job")))
    yield
    person("delete", "jobs", "--all", "--wait=false")


def test_each_command_of_a_pipeline_asks_for_what_the_page_says_and_the_role_grants_no_more(
    person: Client, typed: Typed, asked: Asked
) -> None:
    shop = shop_of(web=GREETS)
    shop["spec"]["release"] = {"command": ["/bin/sh", "-c", "echo migrated"]}
    person.apply(shop)
    typed("wait", "shop", "--image", debian.IMAGE.name)
    person(*READY)
    deployed = typed("deploy", "shop", OTHER_TAG, "--wait", "--note", "the second")
    assert deployed.stderr.count("| migrated\n") == 1
    assert "all process types run as declared" in deployed.stderr
    assert "the second" in typed("history", "shop").stdout
    typed("history", "shop", "1")
    assert "web says hello" in typed("logs", "shop", "web").stdout
    typed("ps")
    typed("rollback", "shop", "--to", "1", "--wait")
    failed = typed("deploy", "shop", UNPULLABLE, "--wait", "--rollback-on-failure", code=failures.FAILED)
    assert "shop is back at revision " in failed.stderr
    del shop["spec"]["release"]
    person.apply({**shop, "spec": {**shop["spec"], "image": UNPULLABLE}})
    typed("wait", "shop", code=failures.FAILED)
    assert "old" in typed("ps", "shop").stdout
    typed("rollback", "shop", "--to", "1", "--wait")
    number = str(person.reported()["status"]["revision"]["number"] - 1)
    typed("rollback", "shop", "--to", number, "--wait", code=failures.FAILED)
    with hanging(person, {**shop, "spec": {**shop["spec"], "env": [{"name": "A", "value": "1"}]}}):
        assert "still runs" in typed("rollback", "shop", "--to", "1").stderr
        assert "still runs" in typed("ps", "shop").stderr
        late = ("--wait", "--rollback-on-failure", "--timeout", "2s")
        assert "still runs" in typed("deploy", "shop", UNPULLABLE, *late, code=failures.TIMED_OUT).stderr
    del asked[""]
    for command in sorted(asked):
        print(f"| `{command}` | {'; '.join(rows(asked[command]))} |")
    assert asked == shown()
    assert set.union(*asked.values()) == granted()


def rows(rights: set[tuple[str, str]]) -> list[str]:
    """Return rights as the page's table has them."""
    resources = sorted({resource for _, resource in rights})
    return [f"{', '.join(sorted(verb for verb, of in rights if of == each))} `{each}`" for each in resources]


def test_a_pipeline_runs_nothing_and_reads_no_secret_but_may_have_a_process_read_it(
    person: Client, administrator: Cluster, typed: Typed
) -> None:
    person.ready(shop_of(web=GREETS))
    entitled = Client(administrator, person.namespace)
    person("create", "secret", "generic", "password", "--from-literal=GREETING=hunter2")
    assert "You may not" in typed("exec", "shop", "--", "true", code=failures.OURS).stderr
    assert "You may not" in typed("run", "shop", "--", "true", code=failures.OURS).stderr
    as_deployer = f"--as=system:serviceaccount:{person.namespace}:deployer"
    assert entitled("get", "secret", "password", as_deployer, check=False).returncode == 1
    patch = '{"spec": {"env": null, "envFrom": [{"secretRef": {"name": "password"}}]}}'
    entitled("patch", "fm", "shop", as_deployer, "--type=merge", f"--patch={patch}")
    eventually(lambda: "web says hunter2" in typed("logs", "shop", "web").stdout)
