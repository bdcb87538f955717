"""What is made of the kubeconfig that kubectl shows, and what kubectl is given when it takes over."""

import base64
import json
import logging
import pathlib
import threading
import warnings
from collections.abc import Callable
from concurrent import futures
from typing import Any

import pytest
import urllib3
from kubernetes import client, config
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster import api_server, kubeconfig, kubectl
from formation_cli.cluster.access import Access
from formation_cli.cluster.port import Target
from tests.unit.cli import kubectls

Load = Callable[..., Access]
STATUS = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}


def a_login(folder: pathlib.Path, **status: str) -> dict[str, Any]:
    """Return how a kubeconfig names a command that logs in, and make it."""
    text = json.dumps({**STATUS, "status": status or {"token": "of-login"}})
    (folder / "login").write_text(f"#!/bin/sh\necho '{text}'\n")
    (folder / "login").chmod(0o755)
    return {"apiVersion": STATUS["apiVersion"], "command": str(folder / "login"), "interactiveMode": "Never"}


ANN = {"token": "token-of-ann"}
EVE = {
    "as": "eve",
    "as-uid": "7",
    "as-groups": ["dev", "ops"],
    "as-user-extra": {"example.com/Scope": ["read"]},
}


@pytest.fixture
def load(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load what kubectl shows of a kubeconfig."""

    def loaded(user: dict[str, Any] | None, target: Target | None = None, **cluster: Any) -> Access:
        kubectls.install(tmp_path, monkeypatch, kubectls.viewing(kubectls.a_config(user, **cluster)))
        return kubeconfig.load(target or Target(kubeconfig="x"))

    return loaded


def test_the_server_the_token_and_the_namespace_are_those_that_kubectl_shows(load: Load) -> None:
    access = load(ANN, **{"tls-server-name": "inside"})
    assert access.server.host == "https://test:6443"
    assert access.server.authorization() == "Bearer token-of-ann"
    assert access.server.tls_name == "inside"
    assert access.namespace == "shop"


def test_kubectl_is_asked_for_the_context_that_is_meant_with_its_files_in_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectls.install(tmp_path, monkeypatch, 'echo "$@" >&2; exit 1')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").touch()
    with pytest.raises(failures.NoAccess) as refused:
        kubeconfig.load(Target(kubeconfig="x", context="prod", as_user="ann"))
    flags = "--raw --minify --flatten --output=json --kubeconfig=x --context=prod --as=ann"
    assert refused.value.message == f"The kubeconfig can't be used. kubectl says:\nconfig view {flags}"
    assert "--kubeconfig" in refused.value.hint


@pytest.fixture
def in_a_pod(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "namespace").write_text("inside\n")
    monkeypatch.setattr(kubeconfig, "POD_NAMESPACE", tmp_path / "namespace")
    monkeypatch.setattr(kubeconfig, "DEFAULT", tmp_path / "config")


@pytest.mark.usefixtures("in_a_pod")
def test_a_service_account_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):  # as in a shell of sudo
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(failures.NoAccess, match="Service host/port is not set"):
        kubeconfig.load(Target())


@pytest.mark.usefixtures("in_a_pod")
@pytest.mark.parametrize("named", ["nothing", "the variable", "a file"])
def test_a_pod_without_a_kubeconfig_has_its_service_account(
    load: Load, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    def of_the_pod(client_configuration: client.Configuration) -> None:
        client_configuration.host = "https://of-the-pod"

    monkeypatch.setattr(config, "load_incluster_config", of_the_pod)
    monkeypatch.setenv("KUBECONFIG", "x" if named == "the variable" else "")
    if named == "a file":
        (tmp_path / "config").touch()
    access = load(ANN, Target())
    found = ("https://of-the-pod", "inside") if named == "nothing" else ("https://test:6443", "shop")
    assert (access.server.host, access.namespace) == found


def test_of_many_requests_at_once_each_has_the_token(load: Load, tmp_path: pathlib.Path) -> None:
    access = load({"exec": a_login(tmp_path)})

    with futures.ThreadPoolExecutor(16) as threads:
        found = {*threads.map(lambda _: access.server.authorization(), range(1000))}
    assert found == {"Bearer of-login"}


def test_a_login_that_fails_is_told_and_nobody_is_asked_without_it(
    load: Load, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubeconfig, "DEFAULT", tmp_path / "config")  # there may be no ~/.kube
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login", "args": None}
    with pytest.raises(failures.NoAccess, match="no-such-login"):
        load({"exec": login | {"interactiveMode": "Never", "env": None}})


@pytest.mark.parametrize("named", ["an option", "the variable", "the variable behind others", "nothing"])
def test_a_program_and_a_token_are_looked_for_beside_the_kubeconfig(
    load: Load, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (tmp_path / "token").write_text("of-file")
    file = str(tmp_path / "config")
    (tmp_path / "config").touch()
    variable = {"the variable": f"{file}:/other/config", "the variable behind others": f":/no/config:{file}"}
    monkeypatch.setenv("KUBECONFIG", variable.get(named, ""))
    default = tmp_path / ("config" if named == "nothing" else "nowhere/config")
    monkeypatch.setattr(kubeconfig, "DEFAULT", default)
    target = Target(kubeconfig=file if named == "an option" else None)
    login = {**a_login(tmp_path), "command": "./login"}
    for user, token in (({"exec": login}, "of-login"), ({"tokenFile": "token"}, "of-file")):
        assert load(user, target).server.authorization() == f"Bearer {token}"


def test_what_other_threads_complain_of_meanwhile_is_no_failed_login(
    load: Load, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: Any = kube_config.KubeConfigLoader.load_and_set

    def beside_another(loader: Any, configuration: Any) -> None:
        other = threading.Thread(target=logging.error, args=("not our business",))
        other.start()
        other.join()
        alone(loader, configuration)

    monkeypatch.setattr(kube_config.KubeConfigLoader, "load_and_set", beside_another)
    assert load({"exec": a_login(tmp_path)}).server.host == "https://test:6443"


def test_kubectl_is_given_the_context_that_is_current_here(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    told: list[list[str]] = []
    access = load(ANN, Target(kubeconfig="x", as_user="bob"))
    monkeypatch.setattr("os.execv", lambda _, words: told.append(words))
    kubectl.become(api_server.Kube(access), "exec", "pod")
    flags = ["--namespace=shop", "--kubeconfig=x", "--context=test", "--as=bob"]
    assert told == [[str(tmp_path / "kubectl"), "exec", *flags, "pod"]]


def test_certificates_and_keys_are_those_of_the_kubeconfig_and_left_in_no_file(
    load: Load, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    keys = {
        f"client-{name}-data": base64.b64encode(name.encode()).decode() for name in ("certificate", "key")
    }
    authority = {"certificate-authority-data": base64.b64encode(b"authority").decode()}
    for user in (keys, {"exec": a_login(tmp_path, clientCertificateData="certificate", clientKeyData="key")}):
        before = {*tmp_path.iterdir()}
        server = load(user, **authority).server
        server.authorization()
        assert (server.certificate, server.authority) == ("certificate\nkey", "authority")
        assert {*tmp_path.iterdir()} - before <= {tmp_path / "kubectl"}


@pytest.mark.parametrize("user", [{"token": "a"}, {"username": "a", "password": "b"}, {}])
def test_a_user_without_a_login_has_the_header_that_kubectl_sends(load: Load, user: dict[str, Any]) -> None:
    wanted = {"token": "Bearer a", "username": "Basic YTpi"}.get(next(iter(user), ""), "")
    assert load(user).server.authorization() == wanted


def test_a_proxy_is_that_of_the_kubeconfig_or_of_the_environment(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    assert load(ANN).server.proxy == "http://proxy:1"
    assert load(ANN, **{"proxy-url": "http://other:2"}).server.proxy == "http://other:2"
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
    assert load(ANN).server.proxy == "http://proxy:1"
    assert not load(ANN, server="https://10.1.2.3:6443").server.proxy


def test_what_no_kubeconfig_has_is_said(load: Load) -> None:
    with pytest.raises(failures.NoAccess, match="no server"):
        load(ANN, server="")
    with pytest.raises(failures.NoAccess, match="can't be used"):
        load(ANN, **{"certificate-authority-data": "x"})


def test_a_user_of_the_kubeconfig_that_acts_as_somebody_else_does_so(load: Load) -> None:
    assert load(EVE).headers == (
        ("Impersonate-User", "eve"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-example.com%2FScope", "read"),
    )


def test_the_command_line_says_first_as_whom_one_acts(load: Load) -> None:
    assert load(EVE, Target(kubeconfig="x", as_user="ann")).headers[0] == ("Impersonate-User", "ann")


def test_anyone_who_verifies_nobody_is_not_warned_of_that(load: Load) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api_server.Kube(load(ANN, **{"insecure-skip-tls-verify": True}))
        warnings.warn("unverified", urllib3.exceptions.InsecureRequestWarning, stacklevel=1)
