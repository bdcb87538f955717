"""What is asked of an API server, and what is made of answers that break off."""

import contextlib
import json
import pathlib
import ssl
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from urllib3.util import ssl_

from formation_cli import failures
from formation_cli.cluster import follow, lines
from formation_cli.cluster.access import Access, Server
from formation_cli.cluster.api_server import Kube
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import CutFailure, GoneError, LogQuery, Target
from hack.cluster.certificates import Authority
from tests.unit.strict_tls import strict

Asked = tuple[str, str, Message, bytes]


class Answering:
    """Answers with what it is told to, in turn, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[Asked] = []
        self.headers: dict[str, str] = {}
        """What each answer says of itself."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                owner.asked.append((self.command, self.path, self.headers, body))
                status, text = owner.answers.pop(0)
                self.send_response(status)
                for header in owner.headers.items():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PATCH = do_POST = do_DELETE = answer  # noqa: N815  # the library's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def will(self, *answers: Any, status: int = 200) -> None:
        self.answers += [
            (status, each if isinstance(each, bytes) else json.dumps(each).encode()) for each in answers
        ]

    @contextlib.contextmanager
    def connected(self, namespace: str = "shop", token: str = "", **settings: Any) -> Iterator[Kube]:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        scheme = "https" if isinstance(self.http.socket, ssl.SSLSocket) else "http"
        headers = settings.pop("headers", ())
        host = f"{scheme}://127.0.0.1:{self.http.server_port}"
        how = Server(host=host, authorization=lambda: token and f"Bearer {token}", **settings)
        yield Kube(Access(Target(), how, namespace, headers))
        self.http.shutdown()
        self.http.server_close()

    def certify(self, authority: Authority, asks: ssl.VerifyMode = ssl.CERT_NONE) -> str:
        """Have a certificate, ask for one or not, and return that of the authority."""
        pair = authority.issue("server", "server", hosts=("127.0.0.1",))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.pair.certificate))
        context.load_cert_chain(pair.certificate, pair.key)
        context.verify_mode = asks
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        return authority.pair.certificate.read_text()


@pytest.fixture
def server() -> Answering:
    return Answering()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("how", ["with its authority", "unverified", "with others"])
def test_a_certificate_needs_no_more_than_kubectl_asks_for(
    server: Answering, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(ssl_, "create_urllib3_context", strict(ssl_.create_urllib3_context))
    authority = server.certify(Authority(tmp_path, "authority", bare=True))
    server.will(an_object())
    ways: dict[str, dict[str, Any]] = {
        "with its authority": {"authority": authority},
        "unverified": {"is_verified": False},
        "with others": {},
    }
    with server.connected(**ways[how]) as cluster:
        if how == "with others":
            with pytest.raises(failures.NoAccess):
                cluster.get("Formation", "shop")
        else:
            assert cluster.get("Formation", "shop") == an_object()


def an_object(name: str = "shop", version: int = 1) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-of-{name}", "resourceVersion": str(version)}}


def change(type_: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": type_, "object": item}).encode() + b"\n"


def test_a_long_list_is_read_page_by_page(server: Answering) -> None:
    server.will(
        {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [an_object("a")]},
        {"metadata": {"resourceVersion": "7"}, "items": [an_object("b")]},
    )
    with server.connected() as cluster:
        found = cluster.select("Pod", labels="a=b")
    assert [each["metadata"]["name"] for each in found.items] == ["a", "b"]
    assert "continue=more" in server.asked[1][1]


def test_a_name_stays_in_its_place_in_the_path(server: Answering) -> None:
    server.will({"message": "not found", "details": {"name": "x"}}, status=404)
    with server.connected(namespace="prod") as cluster:
        assert cluster.get("Formation", "../../pods") is None
    assert server.asked[0][1] == "/apis/formations.dev/v1/namespaces/prod/formations/..%2F..%2Fpods"


def test_a_write_says_who_writes_and_wants_unknown_fields_refused(server: Answering) -> None:
    server.will(an_object())
    with server.connected() as cluster:
        cluster.patch("Formation", "shop", [{"op": "test"}], dry_run=True)
    method, path, headers, body = server.asked[0]
    assert (method, headers["Content-Type"]) == ("PATCH", "application/json-patch+json")
    assert headers["User-Agent"].startswith("kubectl-formation/")
    assert json.loads(body) == [{"op": "test"}]
    assert path.endswith("?fieldManager=formation-cli&fieldValidation=Strict&dryRun=All")


def test_somebody_else_is_impersonated_with_all_their_groups(server: Answering) -> None:
    server.will(an_object())
    groups = [("Impersonate-Group", each) for each in ("dev", "ops")]
    user = ("Impersonate-User", "\u00e5nn\u2192".encode().decode("latin-1"))
    with server.connected(headers=(user, *groups)) as cluster:
        cluster.get("Formation", "shop")
    headers = server.asked[0][2]
    assert str(headers["Impersonate-User"]).encode("latin-1").decode() == "\u00e5nn\u2192"
    assert headers.get_all("Impersonate-Group") == ["dev", "ops"]


@pytest.mark.parametrize("token", ["hunter2\n", "hunter2\u2192"])
def test_a_token_that_no_request_can_carry_is_refused_and_not_shown(server: Answering, token: str) -> None:
    with server.connected(token=token) as cluster, pytest.raises(failures.NoAccess) as refused:
        cluster.get("Formation", "shop")
    assert "hunter2" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("status", [200, 500])
def test_a_connection_that_breaks_in_an_answer_is_told(server: Answering, status: int) -> None:
    server.will({"items": []}, status=status)
    server.headers = {"Content-Length": "99"}
    with server.connected() as cluster, pytest.raises(failures.NoAccess, match="doesn't answer") as failed:
        cluster.select("Pod")
    assert failed.value.message.isprintable()


@pytest.mark.parametrize("page", [b"<html>Log in</html>", b"7", b""])
def test_who_answers_something_else_is_told_as_no_cluster(server: Answering, page: bytes) -> None:
    server.will(page)
    with server.connected() as cluster, pytest.raises(failures.NoAccess, match="isn't a cluster"):
        cluster.select("Pod")


def test_a_watch_whose_connection_breaks_in_a_line_ends_before_it(server: Answering) -> None:
    server.will(change("ADDED", an_object()) + b'{"type": "MODI')
    with server.connected() as cluster:
        assert [each.type for each in cluster.watch("Pod", "1")] == ["ADDED"]


def test_a_version_that_is_too_old_is_told_apart(server: Answering) -> None:
    server.will({"message": "too old"}, status=410)
    server.will(change("ERROR", {"code": 410, "message": "too old"}))
    with server.connected() as cluster:
        for _ in range(2):
            with pytest.raises(GoneError):
                next(cluster.watch("Pod", "1"))


def test_a_watch_that_fails_at_once_is_begun_again_after_a_pause(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    server.will(
        {"metadata": {"resourceVersion": "1"}, "items": []},
        change("ERROR", {"code": 500}),
        {"metadata": {"resourceVersion": "2"}, "items": [an_object()]},
    )
    with server.connected() as cluster:
        assert next(follow.follow(cluster, Subject("Pod"))).type == "ADDED"
    assert follow.PAUSE in slept  # other threads may sleep as well


def test_what_happened_unseen_is_told_after_a_new_list(server: Answering) -> None:
    server.will(
        {"metadata": {"resourceVersion": "1"}, "items": [an_object("old"), an_object("same")]},
        change("ERROR", {"code": 410}),
        {"metadata": {"resourceVersion": "5"}, "items": [an_object("same"), an_object("new", 5)]},
    )
    with server.connected() as cluster:
        news = follow.follow(cluster, Subject("Pod"))
        told = [next(news) for _ in range(4)]
    assert [(type_, item["metadata"]["name"]) for type_, item in told] == [
        ("ADDED", "old"),
        ("ADDED", "same"),
        ("DELETED", "old"),
        ("ADDED", "new"),
    ]


def test_a_log_comes_as_it_is_and_its_last_line_need_not_be_complete(server: Answering) -> None:
    server.will(bytes(range(256)))
    with server.connected() as cluster:
        found = [*cluster.log("pod", LogQuery("web"))]
    assert found == [bytes(range(11)), bytes(range(11, 256))]


def test_a_line_without_an_end_is_not_kept_whole(server: Answering) -> None:
    server.will(b"x" * 300_000)
    with server.connected() as cluster:
        assert max(map(len, cluster.log("pod", LogQuery("web")))) <= 131072


def test_a_log_that_breaks_off_is_told_from_one_that_has_ended(server: Answering) -> None:
    server.will(b"4\r\none\n\r\n2\r\ntw\r\n")
    server.headers = {"Transfer-Encoding": "chunked"}
    with server.connected() as cluster:
        lines = cluster.log("shop-web-a", LogQuery("web"))
        assert next(lines) == b"one\n"
        with pytest.raises(CutFailure, match=r"The log of Pod shop-web-a broke off."):
            next(lines)


def test_a_failure_while_following_reaches_who_waits(server: Answering) -> None:
    server.will({"message": "no"}, status=403)
    with server.connected() as cluster, pytest.raises(failures.Failure):
        next(follow.together(cluster, Subject("Pod")))


def test_a_client_certificate_is_shown_and_its_key_is_left_in_no_file(
    server: Answering, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(files))
    authority = Authority(tmp_path, "authority")
    known = server.certify(authority, ssl.CERT_REQUIRED)
    server.will(an_object())
    own = authority.issue("ann", "ann")
    certificate = own.certificate.read_text() + own.key.read_text()
    with server.connected(authority=known, certificate=certificate) as cluster:
        assert not [*files.iterdir()]
        assert cluster.get("Formation", "shop") == an_object()


@pytest.mark.parametrize("part", ["authority", "certificate"])
def test_a_certificate_that_is_none_is_said(server: Answering, part: str) -> None:
    with (
        pytest.raises(failures.NoAccess, match="A certificate or a key of the kubeconfig"),
        server.connected(**{part: "none"}),
    ):
        pass


def test_what_is_nested_too_deep_is_read_as_null() -> None:
    deep, strings = b"[" * 500 + b"]" * 500, b'{"}]\\"":"{["}'
    assert lines.parsed(b'{"a":%s,"b":%s,"c":[[{}]]}' % (deep, strings))["c"] == [[{}]]
    assert "null" in json.dumps(lines.parsed(b"[%s]" % deep))
    assert lines.parsed(strings) == json.loads(strings)
