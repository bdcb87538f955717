"""What the demo deletes on somebody's cluster, and what its report tells of that."""

import json
import types
from typing import Any

import pytest

from hack.demo import __main__ as demo
from hack.demo.stage import Stage, WrongError
from hack.demo.traces import SHARED, Traces
from hack.images import busybox

CRD = "customresourcedefinition.apiextensions.k8s.io/formations.formations.dev"


class Theirs(Stage):
    """A cluster on which somebody makes a Formation while the operator's rights are deleted."""

    def run(self, *arguments: str, **_: object) -> str:
        if "formations" in arguments:
            return "team/shop " if any(SHARED[0] in each for each in DELETED) else ""
        if "delete" in arguments:
            DELETED.append(arguments)
        return CRD if "crds/" in arguments else ""


DELETED: list[tuple[str, ...]] = []


def test_a_crd_is_not_deleted_once_somebody_else_has_a_formation() -> None:
    DELETED.clear()
    with pytest.raises(WrongError, match="the CRD stays: team/shop"):
        Traces(Theirs("kubectl", "formation-demo")).delete_rest()
    assert not any("crds/" in each for each in DELETED)


NODE = {
    "metadata": {"name": "ip-10-0-3-7.internal"},
    "spec": {"providerID": "aws:///eu-central-1a/i-0123456789"},
    "status": {
        "nodeInfo": {
            "architecture": "arm64",
            "osImage": "Debian GNU/Linux 13",
            "containerRuntimeVersion": "containerd://2.4.0",
        }
    },
}
KUBECONFIG = {
    "current-context": "arn:aws:eks:eu-central-1:123456789012:cluster/secret-project",
    "contexts": [{"name": "work", "context": {"cluster": "acme-prod", "user": "jane@acme.example"}}],
    "clusters": [{"name": "acme-prod", "cluster": {"server": "https://api.acme.example:6443"}}],
}
ANSWERS: dict[str, Any] = {
    "version": {"serverVersion": {"gitVersion": "v1.37.2-eks-1"}, "clientVersion": {"gitVersion": "v1.36.0"}},
    "nodes": {"items": [NODE, NODE]},
    "config": KUBECONFIG,
}


class Answering(Stage):
    """A cluster of a company, which answers all but some words."""

    silent = "nothing"

    def run(self, *arguments: str, **_: object) -> str:
        if self.silent in arguments:
            raise WrongError("no answer")
        return json.dumps(next(answer for word, answer in ANSWERS.items() if word in arguments))


WRONG = (
    "kubectl --context arn:aws:eks:eu-central-1:123456789012:cluster/secret-project get pods\n"
    "dial tcp: lookup api.acme.example: no such host; dial tcp 10.0.3.7:6443\n"
    "dial tcp [fe80::1%eth0]:443; dial tcp [fe80::1]:443\n"
    "jane@acme.example can't; node ip-10-0-3-7.internal; Get https://registry.internal/v2/ in acme-prod\n"
    "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln\n"
    'Error from server (Forbidden): User "u-7f3a" cannot create resource "namespaces"\n'
    'User "arn:aws:sts::987654321098:assumed-role/x" cannot list; mail to ops@example.org'
)
PRIVATE = (
    *("secret-project", "123456789012", "acme", "jane", "10.0.3.7", "10-0-3-7", "eyJhbGciOiJSUzI1NiJ9"),
    *("fe80", "registry.internal", "ops@", "987654321098", "u-7f3a"),
)


@pytest.mark.parametrize("silent", ["nothing", "version"])
def test_a_report_keeps_to_itself_whose_cluster_it_is_whatever_that_answers(
    silent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTER", "current")
    monkeypatch.setattr(demo, "perform", lambda *_: WRONG)
    monkeypatch.setattr(Answering, "silent", silent)
    place: Any = types.SimpleNamespace(stage=Answering("kubectl", "formation-demo"), image=busybox.IMAGE.name)
    demo.reported(place)
    shown = capsys.readouterr().out
    assert "dial tcp" in shown
    assert [word for word in PRIVATE if word in shown] == []
