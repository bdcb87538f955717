import base64
import json
import logging
import pathlib
import threading
import warnings
from concurrent import futures
from typing import Any

import pytest
import urllib3
from kubernetes import client
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster import connection, kubeconfig, kubectl
from formation_cli.cluster.target import Target


@pytest.fixture
def file(tmp_path: pathlib.Path) -> str:
    config = {
        "current-context": "test",
        "clusters": [
            {"name": "test", "cluster": {"server": "https://test:6443"}},
            {"name": "prod", "cluster": {"server": "https://prod:6443"}},
        ],
        "users": [{"name": name, "user": {"token": f"token-of-{name}"}} for name in ("ann", "bob")],
        "contexts": [
            {"name": "test", "context": {"cluster": "test", "user": "ann", "namespace": "shop"}},
            {"name": "prod", "context": {"cluster": "prod", "user": "bob"}},
        ],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)


def loaded(file: str, **given: Any) -> tuple[str, str, str]:
    _, configuration, namespace = kubeconfig.load(Target(kubeconfig=file, **given))
    for _ in range(2):  # as for each request: the client may then read its settings anew
        configuration.auth_settings()
    return configuration.host, configuration.api_key["BearerToken"], namespace


def test_the_current_context_is_taken(file: str) -> None:
    assert loaded(file) == ("https://test:6443", "Bearer token-of-ann", "shop")


def test_another_context_is_taken_by_its_name(file: str) -> None:
    assert loaded(file, context="prod") == ("https://prod:6443", "Bearer token-of-bob", "default")


def test_the_command_line_counts_more_than_the_context(file: str) -> None:
    chosen = loaded(file, cluster="prod", user="bob", namespace="mine")
    assert chosen == ("https://prod:6443", "Bearer token-of-bob", "mine")
    assert loaded(file, server="https://other/", token="t")[:2] == ("https://other", "Bearer t")


def test_of_many_requests_at_once_each_goes_to_the_server_that_is_typed(file: str) -> None:
    _, configuration, _ = kubeconfig.load(Target(kubeconfig=file, server="https://other"))
    api = client.ApiClient(configuration)

    def address(_: int) -> str:
        return str(api.param_serialize("GET", "/", auth_settings=["BearerToken"])[1])

    with futures.ThreadPoolExecutor(16) as threads:
        assert set(threads.map(address, range(1000))) == {"https://other/"}


def test_several_files_are_read_as_one(file: str, tmp_path: pathlib.Path) -> None:
    other = tmp_path / "other"
    other.write_text(json.dumps({"contexts": [{"name": "x", "context": {"cluster": "prod", "user": "ann"}}]}))
    assert loaded(f"{other}:{file}", context="x")[:2] == ("https://prod:6443", "Bearer token-of-ann")


@pytest.mark.parametrize(("first", "second"), [("test", "prod"), ("test", ""), ("", "test"), (None, "test")])
def test_of_several_files_the_first_that_has_a_current_context_counts(
    file: str, tmp_path: pathlib.Path, first: str | None, second: str
) -> None:
    whole = json.loads(pathlib.Path(file).read_text())
    paths = []
    for number, current in enumerate((first, second)):
        paths.append(tmp_path / f"config-{number}")
        paths[-1].write_text(json.dumps(whole | {"current-context": current}))
    assert loaded(":".join(map(str, paths))) == ("https://test:6443", "Bearer token-of-ann", "shop")


@pytest.mark.parametrize(
    ("what", "typo", "meant"),
    [("context", "prd", "prod"), ("cluster", "porod", "prod"), ("user", "bobb", "bob")],
)
def test_a_name_that_is_not_there_is_told_with_the_one_that_may_be_meant(
    file: str, what: str, typo: str, meant: str
) -> None:
    with pytest.raises(failures.NoAccess, match=f"has no {what} {typo}") as refused:
        loaded(file, **{what: typo})
    assert refused.value.hint == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"server": "localhost:8001"}, "http://localhost:8001"),
        ({"server": "test:6443", "insecure_skip_tls_verify": True}, "https://test:6443"),
        ({"server": "test", "certificate_authority": __file__}, "https://test"),
        ({"server": "https://test/prefix/"}, "https://test/prefix"),
    ],
)
def test_a_server_without_a_scheme_is_taken_as_kubectl_takes_it(
    file: str, given: dict[str, Any], host: str
) -> None:
    assert loaded(file, **given)[0] == host


@pytest.mark.parametrize("server", ["ftp://test", "https://", "https://test:99999", "https://test:x", "a b"])
def test_what_is_no_address_of_a_server_is_told(file: str, server: str) -> None:
    with pytest.raises(failures.NoAccess, match="isn't the address of a server") as refused:
        loaded(file, server=server)
    assert "https://HOST:PORT" in refused.value.hint


def test_a_login_that_fails_is_told_and_nobody_is_asked_without_it(file: str) -> None:
    path = pathlib.Path(file)
    whole = json.loads(path.read_text())
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login"}
    whole["users"][0]["user"] = {"exec": login | {"interactiveMode": "Never"}}
    path.write_text(json.dumps(whole))
    with pytest.raises(failures.NoAccess, match="no-such-login"):
        loaded(file)


def test_what_other_threads_complain_of_meanwhile_is_no_failed_login(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: Any = kube_config.KubeConfigLoader.load_and_set

    def beside_another(loader: Any, configuration: Any) -> None:
        other = threading.Thread(target=logging.error, args=("not our business",))
        other.start()
        other.join()
        alone(loader, configuration)

    monkeypatch.setattr(kube_config.KubeConfigLoader, "load_and_set", beside_another)
    assert loaded(file)[0] == "https://test:6443"


@pytest.mark.parametrize("content", ["", "{", "[]", "text", "{}"])
def test_a_file_that_is_no_kubeconfig_is_told(content: str, tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text(content)
    with pytest.raises(failures.NoAccess, match="kubeconfig") as refused:
        kubeconfig.load(Target(kubeconfig=str(broken)))
    assert refused.value.message.isprintable()
    assert "indices" not in refused.value.message


def test_an_empty_variable_names_no_file(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", "")
    monkeypatch.setattr(kubeconfig, "DEFAULT", file)
    assert kubeconfig.load(Target())[2] == "shop"


def test_a_server_that_is_typed_has_another_name_than_that_of_the_kubeconfig(file: str) -> None:
    whole = json.loads(pathlib.Path(file).read_text())
    whole["clusters"][0]["cluster"]["tls-server-name"] = "inside"
    pathlib.Path(file).write_text(json.dumps(whole))
    names = [
        kubeconfig.load(Target(kubeconfig=file, server=server, tls_server_name=name))[1].tls_server_name
        for server, name in ((None, None), ("https://other", None), ("https://other", "outside"))
    ]
    assert names == ["inside", None, "outside"]


def test_no_kubeconfig_is_told_with_the_way_out(tmp_path: pathlib.Path) -> None:
    with pytest.raises(failures.NoAccess) as refused:
        kubeconfig.load(Target(kubeconfig=str(tmp_path / "none")))
    assert f"There is no kubeconfig {tmp_path / 'none'}" in refused.value.message
    assert "--kubeconfig" in refused.value.hint


def test_the_same_cluster_is_meant_when_kubectl_takes_over() -> None:
    target = Target(context="prod", as_user="ann", as_group=("a", "b"), insecure_skip_tls_verify=True)
    assert target.flags() == [
        "--context=prod",
        "--as=ann",
        "--as-group=a",
        "--as-group=b",
        "--insecure-skip-tls-verify",
    ]


def test_kubectl_is_told_the_context_that_is_current_here(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr("shutil.which", lambda _: "/bin/kubectl")
    monkeypatch.setattr("os.execv", lambda _, words: told.append(words))
    kubectl.become(connection.connect(Target(kubeconfig=file)), "exec", "pod")
    assert told == [
        ["/bin/kubectl", "exec", "--namespace=shop", f"--kubeconfig={file}", "--context=test", "pod"]
    ]


def test_no_key_is_left_in_a_file_when_kubectl_takes_over(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = json.loads(pathlib.Path(file).read_text())
    whole["users"][0]["user"] = {
        f"client-{name}-data": base64.b64encode(name.encode()).decode() for name in ("certificate", "key")
    }
    pathlib.Path(file).write_text(json.dumps(whole))
    target, configuration, namespace = kubeconfig.load(Target(kubeconfig=file))
    key = pathlib.Path(str(configuration.key_file))
    assert key.read_text() == "key"
    monkeypatch.setattr("shutil.which", lambda _: "/bin/kubectl")
    monkeypatch.setattr("os.execv", lambda *_: None)
    kubectl.become(connection.Connection(target, client.Configuration(), namespace), "exec", "pod")
    assert not key.exists()


@pytest.fixture
def impersonating(file: str) -> str:
    """A kubeconfig whose user acts as somebody else."""
    path = pathlib.Path(file)
    whole = json.loads(path.read_text())
    whole["users"][0]["user"] |= {
        "as": "eve",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
    }
    path.write_text(json.dumps(whole))
    return file


def test_a_user_of_the_kubeconfig_that_acts_as_somebody_else_does_so(impersonating: str) -> None:
    target, *_ = kubeconfig.load(Target(kubeconfig=impersonating))
    assert target.impersonation() == [
        ("Impersonate-User", "eve"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "7"),
    ]


def test_the_command_line_says_first_as_whom_one_acts(impersonating: str) -> None:
    target, *_ = kubeconfig.load(Target(kubeconfig=impersonating, as_user="ann", as_group=("qa",)))
    assert (target.as_user, target.as_uid, target.as_group) == ("ann", "7", ("qa",))


def test_another_user_acts_as_nobody_else(impersonating: str) -> None:
    target, *_ = kubeconfig.load(Target(kubeconfig=impersonating, user="bob"))
    assert (target.as_user, target.as_uid, target.as_group) == (None, None, ())


@pytest.mark.parametrize(("key", "value"), [("as-groups", "dev"), ("as-user-extra", {"scope": ["read"]})])
def test_what_can_not_say_as_whom_one_acts_is_told(impersonating: str, key: str, value: object) -> None:
    path = pathlib.Path(impersonating)
    whole = json.loads(path.read_text())
    whole["users"][0]["user"][key] = value
    path.write_text(json.dumps(whole))
    with pytest.raises(failures.NoAccess, match=key):
        kubeconfig.load(Target(kubeconfig=impersonating))


def test_who_verifies_nobody_is_not_warned_of_that(file: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kubeconfig.load(Target(kubeconfig=file, insecure_skip_tls_verify=True))
        warnings.warn("unverified", urllib3.exceptions.InsecureRequestWarning, stacklevel=1)
