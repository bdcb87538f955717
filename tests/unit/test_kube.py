"""What is made of the API server's answers."""

from typing import Any

import pytest
from kubernetes.aio import client

from formation_operator import kube, naming


class Answering(kube.Kube):
    """Answers every request from a table of paths."""

    def __init__(self, namespaces: tuple[str, ...], answers: dict[str, kube.Object]) -> None:
        super().__init__(client.ApiClient(client.Configuration()), timeout=1, namespaces=namespaces)
        self.answers = answers

    async def _request(self, method: str, resource: str, *_: Any, **__: Any) -> kube.Object:
        return self.answers[resource]


def a_list(version: str, *names: str) -> kube.Object:
    items = [{"metadata": {"name": name}} for name in names]
    return {"metadata": {"resourceVersion": version}, "items": items}


@pytest.mark.parametrize(("first", "second"), [("9", "10"), ("10", "9")])
async def test_lists_of_several_namespaces_are_as_old_as_the_oldest(first: str, second: str) -> None:
    paths = [kube.path(naming.KIND, namespace) for namespace in ("a", "b")]
    cluster = Answering(("a", "b"), dict(zip(paths, (a_list(first, "x"), a_list(second, "y")), strict=True)))
    items, version = await cluster.list_all(naming.KIND)
    await cluster.close()
    assert [item["metadata"]["name"] for item in items] == ["x", "y"]
    assert version == "9"
