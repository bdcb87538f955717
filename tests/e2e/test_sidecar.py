"""The sidecar of its page starts where Pod Security enforces the restricted standard."""

import pathlib

import pytest
import yaml

from tests.builders import a_formation
from tests.client import Client, eventually
from tests.cluster import images, paths
from tests.cluster.cluster import Cluster
from tests.e2e import pages
from tests.e2e.workers import READY
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.node

PAGE = paths.ROOT / "docs" / "how-to" / "sidecar.md"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PROXY = """package main

import (
	"flag"
	"net"
	"net/http"
)

func main() {
	listen, health := flag.String("listen", "", ""), flag.String("health", "", "")
	flag.Parse()
	if _, err := net.Listen("tcp", *listen); err != nil {
		panic(err)
	}
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	panic(http.ListenAndServe(*health, nil))
}
"""
"""A proxy with the options that the page gives it."""


@pytest.fixture(scope="session")
def proxy(real_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put the proxy onto the node, under the name that the page has."""
    program: pathlib.Path = tmp_path_factory.mktemp("proxy") / "db-proxy"
    program.mkdir()
    (program / "go.mod").write_text("module formations.dev/proxy\n\ngo 1.26\n")
    (program / "main.go").write_text(PROXY)
    image = images.Image("registry.example.com/db-proxy:v3", user="1000")
    images.load(real_node, images.from_program(program, image))


def test_the_sidecar_of_the_page_is_admitted_and_starts(
    real_node: Cluster, operator: OperatorProcess, shop: None, proxy: None
) -> None:
    (sample,) = (text for kind, text in pages.blocks(PAGE.read_text()) if kind == "yaml")
    with fresh_namespace(real_node, RESTRICTED) as namespace:
        user = Client(real_node, namespace)
        eventually(lambda: user.find("serviceaccount", "default"))
        user.apply(a_formation(processes=yaml.safe_load(sample)))
        user(*READY)
        (pod,) = user.list_all("pod")
        (sidecar,) = pod["status"]["initContainerStatuses"]
        assert sidecar["started"] is True
        assert sidecar["restartCount"] == 0
