"""What the demo deletes on somebody's cluster, and what it tells them to delete."""

import itertools
import json
import types
from typing import Any

import pytest

from tests.demo import __main__ as demo
from tests.demo import report
from tests.demo.diary import Diary, Entry
from tests.demo.stage import Stage, WrongError
from tests.demo.traces import SHARED, Traces
from tests.images import busybox

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


def test_whoever_deletes_the_rest_by_hand_is_told_what_goes_with_the_crd() -> None:
    *_, warning, last = Traces(Stage("kubectl", "formation-demo")).by_hand().splitlines()
    assert "every Formation of the cluster" in warning
    assert last.endswith("delete -k crds/")


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
    """A cluster of a company."""

    def run(self, *arguments: str, **_: object) -> str:
        return json.dumps(next(answer for word, answer in ANSWERS.items() if word in arguments))


class Forbidding(Answering):
    """The same for somebody who may not list nodes."""

    def run(self, *arguments: str, **_: object) -> str:
        if "nodes" in arguments:
            raise WrongError("nodes is forbidden")
        return super().run(*arguments)


def test_a_report_says_what_was_tried_where_and_how_long_each_step_took() -> None:
    entries = [Entry("the sample is applied", 12.345, True), Entry("two types are scaled", 0.5, False)]
    facts = report.facts(Answering("kubectl", "formation-demo"))
    lines = report.written("make demo", facts, entries, "no answer", ()).splitlines()

    assert lines[0] == "### `make demo`: failed"
    assert "| Kubernetes | v1.37.2-eks-1 |" in lines
    assert "| kubectl | v1.36.0 |" in lines
    assert "| nodes | 2: aws, arm64, Debian GNU/Linux 13, containerd://2.4.0 |" in lines
    assert "| the sample is applied | 12.3 | ok |" in lines
    assert "| two types are scaled | 0.5 | **failed** |" in lines
    assert lines[-3:] == ["```text", "no answer", "```"]


def test_a_report_of_a_demo_that_went_well_says_so() -> None:
    text = report.written("make demo", {}, [Entry("it", 1, True)], "", ())
    assert text.startswith("### `make demo`: ok\n")
    assert "```" not in text


def test_who_may_not_list_nodes_gets_a_report_all_the_same() -> None:
    stage = Forbidding("kubectl", "formation-demo")
    assert report.facts(stage)["nodes"] == "not allowed to list them"
    assert "acme-prod" in report.names(stage)


PRIVATE = (
    "secret-project",
    "123456789012",
    "acme",
    "jane",
    "10.0.3.7",
    "10-0-3-7",
    "eyJhbGciOiJSUzI1NiJ9",
    "fe80",
    "registry.internal",
    "ops@",
    "987654321098",
    "u-7f3a",
)


def test_a_report_keeps_to_itself_whose_cluster_it_is() -> None:
    wrong = (
        "kubectl --context arn:aws:eks:eu-central-1:123456789012:cluster/secret-project get pods\n"
        "dial tcp: lookup api.acme.example: no such host; dial tcp 10.0.3.7:6443\n"
        "dial tcp [fe80::1%eth0]:443; dial tcp [fe80::1]:443\n"
        "jane@acme.example can't; node ip-10-0-3-7.internal; Get https://registry.internal/v2/ in acme-prod\n"
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln\n"
        'Error from server (Forbidden): User "u-7f3a" cannot create resource "namespaces"\n'
        'User "arn:aws:sts::987654321098:assumed-role/x" cannot list; mail to ops@example.org'
    )
    stage = Answering("kubectl", "formation-demo")
    text = report.written("make demo", report.facts(stage), [], wrong, report.names(stage))
    assert [word for word in PRIVATE if word in text] == []
    assert "dial tcp" in text


class Silent(Answering):
    """A cluster that doesn't say which version it has."""

    def run(self, *arguments: str, **_: object) -> str:
        if "version" in arguments:
            raise WrongError("no answer")
        return super().run(*arguments)


def test_a_cluster_that_does_not_answer_stays_private_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTER", "current")
    monkeypatch.setattr(demo, "perform", lambda *_: "lookup api.acme.example: no such host")
    place: Any = types.SimpleNamespace(stage=Silent("kubectl", "formation-demo"), image=busybox.IMAGE.name)
    demo.reported(place)
    shown = capsys.readouterr().out
    assert "no such host" in shown
    assert "acme" not in shown


def test_a_diary_notes_a_step_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(10.0, 2.5)
    monkeypatch.setattr("time.monotonic", lambda: next(ticks))
    diary = Diary()
    with diary.step("it works"):
        pass
    with pytest.raises(WrongError), diary.step("it doesn't"):
        raise WrongError
    assert diary.entries == [Entry("it works", 2.5, True), Entry("it doesn't", 2.5, False)]
