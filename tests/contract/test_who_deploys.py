"""Who has changed a Formation, as the optional policy writes it, and what carries Events to a channel."""

import json
import shlex
import tempfile
from collections.abc import Callable, Iterator

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from tests.contract.policies import in_effect
from tests.e2e import pages
from tests.live.client import Client, eventually
from tests.live.namespaces import mutating
from tests.live.plugin import Plugin
from tests.shared import builders
from tests.shared.builders import a_formation, a_process

POLICY = paths.ROOT / "manifests" / "policies" / "users" / "changed-by.yaml"
NAME = "changed-by.formations.dev"
KEY = r"formations\.dev/changed-by"
HERE = (
    "  matchResources:\n    namespaceSelector:\n      matchLabels: {kubernetes.io/metadata.name: NAMESPACE}\n"
)


@pytest.fixture
def policy(administrator: Cluster, user: Client) -> Iterator[None]:
    """Have the policy in effect in the namespace of this test alone."""
    manifest = (POLICY.read_text() + HERE).replace("NAMESPACE", user.namespace)
    manifest = manifest.replace(NAME, f"{user.namespace}.{NAME}")
    manifest = manifest.replace("admissionregistration.k8s.io/v1", mutating(administrator))
    probe = ("apply", "--dry-run=server", "-o", f"jsonpath={{.metadata.annotations.{KEY}}}", "-f", "-")
    shop = builders.text(a_formation())
    with in_effect(administrator, manifest, lambda: user(*probe, input=shop).stdout):
        yield


def changed_by(user: Client) -> str:
    return user("get", "formation", "shop", f"--output=jsonpath={{.metadata.annotations.{KEY}}}").stdout


def test_the_name_is_that_of_the_user_who_changed_the_spec_whatever_a_client_sends(
    user: Client, policy: None, formation: Plugin, somebody: Callable[[str], str]
) -> None:
    user.apply(a_formation(processes={"web": a_process(replicas=2)}))
    administrator = changed_by(user)
    assert administrator
    forge = '{"metadata": {"annotations": {"formations.dev/changed-by": "eve"}}}'
    user("patch", "formation", "shop", "--type=merge", "-p", forge)
    assert changed_by(user) == administrator, "the spec is as it was"
    account = f"system:serviceaccount:{user.namespace}:somebody"
    token = formation.with_user(token=somebody("edit"))
    formation.within(*token, "deploy", "shop", "registry.example.com/shop:v9", "--note", "fix")
    assert changed_by(user) == account
    user.reported()
    history = ("history", "shop", "-o", "json")
    eventually(lambda: json.loads(formation.within(*history).stdout)[-1]["by"] == account)
    user("scale", "deployment/shop-web", "--replicas=5")
    wanted = ("get", "formation", "shop", "--output=jsonpath={.spec.processes.web.replicas}")
    eventually(lambda: user(*wanted).stdout == "5")
    assert changed_by(user) == account, "the operator writes counts through"
    user("annotate", "formation", "shop", "formations.dev/changed-by-")
    assert changed_by(user) == account


def test_the_line_of_the_page_carries_the_end_of_a_deploy_to_a_channel(user: Client) -> None:
    page = (paths.ROOT / "docs" / "how-to" / "gitops.md").read_text()
    (line,) = (block for _, block in pages.blocks(page) if "RolledOut" in block)
    reads = shlex.split(line.partition("|")[0].replace("\\\n", ""))[1:]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "shop.", "namespace": user.namespace},
        "involvedObject": {"kind": "Formation", "name": "shop", "namespace": user.namespace},
        "reason": "RolledOut",
        "message": "revision 7: rolled out after 42 s, by ci: fix",
    }
    other = {**event, "reason": "Deployed"}
    with tempfile.TemporaryFile("w+") as out:
        reader = user.start(*reads, stdout=out.fileno())
        try:

            def read() -> str | None:
                for each in (other, event):
                    user("create", "-f", "-", input=builders.text(each))
                out.seek(0)
                found = out.read()
                return found if user.namespace in found else None

            said = eventually(read)
        finally:
            reader.terminate()
            reader.wait()
    own = {each for each in said.splitlines() if each.startswith(user.namespace)}
    assert own == {f"{user.namespace}/shop: {event['message']}"}
