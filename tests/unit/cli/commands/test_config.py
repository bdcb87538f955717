"""``kubectl formation config``, as it is typed."""

import base64
import copy
import json
import pathlib
import re
import signal
from typing import Any

import pytest
from click.testing import Result
from syrupy.assertion import SnapshotAssertion

from formation_cli import failures
from formation_cli.cluster import kinds
from formation_cli.cluster.port import ConflictFailure, Listed, Object
from formation_cli.commands.config import prune
from formation_cli.objects import CONFIG_LABEL
from formation_operator.api import naming
from tests.shared import builders
from tests.unit.cli import typed
from tests.unit.cli.fake_cluster import FakeCluster

PASSWORD = "hunter2-hunter2"
ENV = [{"name": "LOG_LEVEL", "value": "info"}, {"name": "MODE", "value": "fast"}]


class Stored(FakeCluster):
    """A cluster that keeps what is written, as the API server does."""

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        metadata = {**manifest["metadata"], "creationTimestamp": "2026-01-01T00:00:00Z"}
        return super().create({**manifest, "metadata": metadata}, dry_run=dry_run)

    @property
    def env(self) -> dict[str, Any]:
        return {each["name"]: each.get("value") for each in self.spec.get("env", ())}

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """The variables of each Secret, by its name."""
        return {
            each["metadata"]["name"]: {
                key: base64.b64decode(value).decode() for key, value in each["data"].items()
            }
            for each in self.objects.get(kinds.SECRET, ())
        }

    @property
    def named(self) -> list[str]:
        return [each["secretRef"]["name"] for each in self.spec.get("envFrom", ())]


@pytest.fixture(autouse=True)
def cluster() -> Stored:
    types = {"web": builders.a_process(), "worker": builders.a_process(env=[{"name": "OWN", "value": "1"}])}
    return Stored(Formation=[builders.stored(builders.a_formation(processes=types, env=ENV))])


def run(words: str, stdin: str | None = None, code: int = 0) -> Result:
    result = typed.run(f"config {words}", code, stdin)
    assert PASSWORD not in result.output or "--show" in words
    return result


@pytest.fixture
def token(cluster: Stored) -> str:
    """The name of a Secret with a variable that has been set."""
    run("set shop --secret TOKEN", stdin=PASSWORD)
    return cluster.named[0]


def test_plain_values_are_set_in_one_write_and_the_others_stay(cluster: Stored) -> None:
    result = run("set shop LOG_LEVEL=debug MODE=fast PAGE_SIZE=50")
    assert cluster.env == {"LOG_LEVEL": "debug", "MODE": "fast", "PAGE_SIZE": "50"}
    assert result.stdout == "LOG_LEVEL: set\nMODE: as it was\nPAGE_SIZE: set\n"
    assert "web, worker: the processes are restarted, unless they run this already" in result.stderr
    assert len(cluster.dry_runs) == 1


def test_a_value_arrives_as_it_is_typed(cluster: Stored) -> None:
    run("set shop PRICE=$(LOG_LEVEL)$$5")
    assert cluster.env["PRICE"] == "$$(LOG_LEVEL)$$$5"
    shown = {each["name"]: each["value"] for each in json.loads(run("shop --show -o json").stdout)}
    assert shown["PRICE"] == "$(LOG_LEVEL)$$5"


def test_a_secret_value_is_in_an_immutable_secret_that_the_formation_owns_and_names(cluster: Stored) -> None:
    result = run("set shop --secret TOKEN", stdin=f"{PASSWORD}\n")
    (secret,) = cluster.objects[kinds.SECRET]
    name = secret["metadata"]["name"]
    assert re.fullmatch("shop-config-[0-9a-f]{10}", name)
    assert secret["immutable"] is True
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "uid-1"
    assert secret["metadata"]["labels"] == {naming.FORMATION_LABEL: "shop", CONFIG_LABEL: ""}
    assert cluster.secrets[name] == {"TOKEN": PASSWORD}
    assert cluster.named == [name]
    assert result.stdout == f"TOKEN: set in Secret {name}\n"


def test_the_name_of_a_secret_says_nothing_of_what_is_in_it(cluster: Stored) -> None:
    names = set()
    for _ in range(2):
        cluster.objects[naming.KIND] = [builders.stored(builders.a_formation())]
        run("set shop --secret TOKEN", stdin=PASSWORD)
        names.add(cluster.named[0])
    assert len(names) == 2


def test_a_second_secret_has_the_variables_of_the_first_and_takes_its_place(
    cluster: Stored, token: str
) -> None:
    cluster.objects[naming.KIND][0]["spec"]["envFrom"].append({"configMapRef": {"name": "late"}})
    run("set shop --secret KEY", stdin="other")
    new = cluster.spec["envFrom"][0]["secretRef"]["name"]
    assert cluster.secrets[new] == {"TOKEN": PASSWORD, "KEY": "other"}
    assert cluster.secrets[token] == {"TOKEN": PASSWORD}
    assert cluster.spec["envFrom"][1:] == [{"configMapRef": {"name": "late"}}]


def test_the_same_secret_value_makes_no_deploy(cluster: Stored, token: str) -> None:
    assert run("set shop --secret TOKEN", stdin=PASSWORD).stdout == "TOKEN: as it was\n"
    assert cluster.named == [token]
    assert len(cluster.secrets) == 1


def test_a_reference_to_a_secret_is_not_made_plain_by_mistake(cluster: Stored) -> None:
    item = {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}}}
    cluster.objects[naming.KIND][0]["spec"]["env"].append(item)
    assert "DB is secret" in run("set shop DB=abc", code=failures.MISTYPED).stderr
    assert cluster.spec["env"][-1] == item
    run("set shop --secret DB", stdin="abc")
    assert "DB" not in cluster.env


def test_plain_and_secret_variables_are_unset_in_one_write(cluster: Stored) -> None:
    run("set shop --secret --env -", stdin=f"TOKEN={PASSWORD}\nOTHER=x\n")
    writes = len(cluster.dry_runs)
    assert run("unset shop MODE TOKEN").stdout == "MODE: unset\nTOKEN: unset\n"
    assert cluster.env == {"LOG_LEVEL": "info"}
    assert cluster.secrets[cluster.named[0]] == {"OTHER": "x"}
    assert len(cluster.dry_runs) == writes + 1


def test_a_port_that_services_and_probes_do_not_use_is_warned_about(cluster: Stored) -> None:
    types = cluster.objects[naming.KIND][0]["spec"]["processes"]
    types["web"] = builders.a_process("/shop", port=8080)
    types["api"] = builders.a_process("/shop", port=9000, env=[{"name": "PORT", "value": "9000"}])
    warning = (
        "PORT now differs from the port that Services and probes use: web (8080). `config unset shop PORT`"
    )
    assert warning in run("set shop PORT=99 --dry-run").stderr
    assert warning in run("set shop PORT=99").stderr
    assert "wins over the port" not in run("set shop PORT=8080 MODE=slow").stderr
    assert "wins over the port" not in run("set shop MODE=fast").stderr


@pytest.mark.parametrize("secret", ["", "--secret "])
def test_the_port_of_a_file_is_left_out_unless_it_is_named(cluster: Stored, secret: str) -> None:
    result = run(f"set shop {secret}--env -", stdin="PORT=5000\nSIZE=3\n")
    assert "Left out: PORT of -: the operator sets it, to the port of each type that has one" in result.stderr
    assert "PORT" not in cluster.env
    assert "SIZE: set" in result.stdout
    assert "-: not a variable." in run("set shop --env -", "PORT=5000\n", failures.MISTYPED).stderr
    run("set shop --env - PORT", stdin="PORT=5000\nSIZE=4\n")
    assert cluster.env["PORT"] == "5000"


def test_with_the_last_variables_their_lists_go(cluster: Stored, token: str) -> None:
    run("unset shop TOKEN LOG_LEVEL MODE")
    assert not {"env", "envFrom"} & cluster.spec.keys()
    assert len(cluster.secrets) == 1  # no empty one was made


def test_a_variable_that_there_is_not_is_guessed() -> None:
    result = run("unset shop LOGLEVEL", code=failures.MISTYPED)
    assert "There is no variable LOGLEVEL." in result.stderr
    assert "Did you mean LOG_LEVEL?" in result.stderr


def test_what_hides_a_variable_is_told() -> None:
    assert "worker has its own OWN in spec.processes.worker.env" in run("set shop OWN=2").stderr


def test_a_dry_run_writes_nothing_and_says_what_it_would_restart(cluster: Stored) -> None:
    before = copy.deepcopy(cluster.objects[naming.KIND])
    result = run("set shop --secret TOKEN --dry-run --wait", stdin=PASSWORD)
    assert re.fullmatch(r"TOKEN: set in Secret shop-config-\w+ \(dry run\)\n", result.stdout)
    assert "web, worker: the processes are restarted" in result.stderr
    assert cluster.objects[naming.KIND] == before
    assert cluster.secrets == {}


@pytest.mark.parametrize(
    ("words", "stdin", "why"),
    [
        ("set shop 1A=b", None, "'1A' can't be the name of a variable"),
        (f"set shop --secret {PASSWORD}!", None, "What is typed can't be the name of a variable"),
        ("set shop A=1 A=2", None, "A is named twice"),
        ("set shop TOKEN", None, "TOKEN has no value: type TOKEN=VALUE."),
        ("set shop", None, "Which variables?"),
        (f"set shop --secret TOKEN={PASSWORD}", None, "TOKEN: don't type a secret value here"),
        ("set shop --secret A B", "x", "stdin has one value"),
        ("set shop --secret TOKEN", "\n", "TOKEN: stdin is empty"),
        ("set shop --secret --env -", "# nothing\n", "-: not a variable."),
        ("set shop --secret PORT", "80", "PORT can't be secret: the operator sets it"),
        ("set shop --secret --env - OTHER", "TOKEN=x", "OTHER isn't in -."),
        (f"set shop A={'x' * 131_070}", None, "A: its value is too long"),
        ("set shop A=\udcff", None, "A: its value isn't UTF-8"),
        ("shop A=1", None, "Type a command before NAME: get, prune, set, show, unset."),
        ("unst shop A", None, "unst isn't a command of config."),
    ],
)
def test_what_can_not_be_meant_is_refused_and_named(
    cluster: Stored, words: str, stdin: str | None, why: str
) -> None:
    assert why in run(words, stdin, code=failures.MISTYPED).stderr
    assert cluster.dry_runs == []
    assert cluster.secrets == {}


def test_a_formation_that_is_mistyped_is_guessed_before_its_secret_is_read() -> None:
    assert "Did you mean shop?" in run("set shpo --secret TOKEN", code=failures.NOT_FOUND).stderr


def test_a_plain_value_that_looks_secret_is_set_and_the_way_to_hide_it_is_told(cluster: Stored) -> None:
    result = run("set shop API_TOKEN=abc")
    assert cluster.env["API_TOKEN"] == "abc"
    assert "kubectl formation config set shop --secret API_TOKEN" in result.stderr


OF_FILE = {
    "what looks secret becomes so": (
        "",
        {"PAGE_SIZE": "50"},
        {"TOKEN": PASSWORD, "URL": f"https://a:{PASSWORD}@b"},
    ),
    "what is typed wins": ("TOKEN=public URL=x", {"PAGE_SIZE": "50", "TOKEN": "public", "URL": "x"}, {}),
    "only those that are named": ("--secret PAGE_SIZE", {}, {"PAGE_SIZE": "50"}),
}


@pytest.mark.parametrize(("words", "plain", "secret"), OF_FILE.values(), ids=OF_FILE)
def test_of_a_file_variables_are_set_as_they_are_meant(
    cluster: Stored, tmp_path: pathlib.Path, words: str, plain: dict[str, str], secret: dict[str, str]
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"TOKEN='{PASSWORD}'\nPAGE_SIZE=50\nURL=https://a:{PASSWORD}@b\n")
    result = run(f"set shop --env {file} {words}")
    guessed = "Treated as secret, because of their names and values: TOKEN, URL" in result.stderr
    assert guessed == (not words)
    assert cluster.env == {"LOG_LEVEL": "info", "MODE": "fast", **plain}
    assert [*cluster.secrets.values()] == ([secret] if secret else [])
    assert len(cluster.dry_runs) == 1


def test_anyone_who_may_not_read_the_secret_is_told_the_way_out(cluster: Stored, token: str) -> None:
    cluster.forbidden = (kinds.SECRET,)
    for words in ("set shop --secret KEY", "unset shop TOKEN"):
        result = run(words, stdin="x", code=failures.NO_ACCESS)
        assert f"You may not read Secret {token}." in result.stderr
        assert "The API server says: no" in result.stderr
        assert "put your variables into your own Secret, and name it in spec.envFrom" in result.stderr
    assert len(cluster.secrets) == 1


def test_a_plain_change_needs_no_right_to_secrets(cluster: Stored, token: str) -> None:
    cluster.forbidden = (kinds.SECRET,)
    run("set shop PAGE_SIZE=50")
    run("unset shop MODE")
    assert cluster.env == {"LOG_LEVEL": "info", "PAGE_SIZE": "50"}


def refusal() -> failures.Failure:
    found = failures.NoAccess("You may not change Formation shop.")
    found.refused = True
    return found


@pytest.mark.parametrize("answer", [refusal(), ConflictFailure("too late")])
def test_a_refused_change_takes_its_secret_back(cluster: Stored, answer: failures.Failure) -> None:
    cluster.refused = answer
    run("set shop --secret TOKEN", stdin=PASSWORD, code=answer.exit_code)
    assert cluster.secrets == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_nothing_ends_the_command_while_it_takes_its_secret_back(
    cluster: Stored, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    deleted = []

    def delete(*what: str) -> None:
        signal.raise_signal(number)
        deleted.append(what)

    monkeypatch.setattr(cluster, "delete", delete)
    before = signal.getsignal(number)
    cluster.refused = refusal()
    run("set shop --secret TOKEN", stdin=PASSWORD, code=failures.NO_ACCESS)
    assert len(deleted) == 1
    assert signal.getsignal(number) == before


def test_a_change_that_nobody_knows_of_names_its_secret_and_the_way_to_delete_it(cluster: Stored) -> None:
    cluster.refused = failures.NoAccess("The cluster doesn't answer.")
    result = run("set shop --secret TOKEN", stdin=PASSWORD, code=failures.NO_ACCESS)
    (name,) = cluster.secrets
    assert f"Secret {name} was made, and the Formation may or may not name it." in result.stderr
    assert "kubectl formation config prune shop" in result.stderr


def test_a_secret_that_was_refused_is_not_said_to_be_left_behind(cluster: Stored) -> None:
    cluster.forbidden = (kinds.SECRET,)
    result = run("set shop --secret TOKEN", stdin=PASSWORD, code=failures.NO_ACCESS)
    assert "left behind" not in result.stderr
    assert "was made" not in result.stderr


def test_a_change_that_was_made_though_its_answer_says_no_keeps_its_secret(
    cluster: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a proxy loses the answer, and sends the patch a second time."""
    run("set shop --secret TOKEN", stdin=PASSWORD)
    answers = [ConflictFailure("too late")]

    def answer() -> None:
        if answers:
            raise answers.pop()

    monkeypatch.setattr(cluster, "react", answer)
    run("set shop --secret KEY", stdin="x")
    (name,) = cluster.named
    assert cluster.secrets[name] == {"TOKEN": PASSWORD, "KEY": "x"}


def test_a_secret_that_has_gone_is_replaced(cluster: Stored, token: str) -> None:
    cluster.objects[kinds.SECRET] = []
    run("set shop --secret KEY", stdin="x")
    assert cluster.secrets[cluster.named[0]] == {"KEY": "x"}
    assert len(cluster.named) == 1


def a_secret(name: str, **metadata: Any) -> dict[str, Any]:
    """Return a Secret as `config` makes it for the Formation, but for what is said of it."""
    known = {
        "name": name,
        "labels": {naming.FORMATION_LABEL: "shop", CONFIG_LABEL: ""},
        "ownerReferences": [{"uid": "uid-1"}],
        "creationTimestamp": "2026-01-01T00:00:00Z",
        **metadata,
    }
    return {"kind": kinds.SECRET, "metadata": known, "data": {"FOREIGN": "MQ=="}}


FOREIGN = {
    "of another owner": a_secret("shop-config-00000000aa", ownerReferences=[{"uid": "uid-2"}]),
    "without our label": a_secret("shop-config-00000000cc", labels={naming.FORMATION_LABEL: "shop"}),
    "of another name": a_secret("shop-config-production"),
}


@pytest.mark.parametrize("secret", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_secret_is_neither_taken_over_nor_deleted(cluster: Stored, secret: dict[str, Any]) -> None:
    name = secret["metadata"]["name"]
    cluster.objects[kinds.SECRET] = [secret]
    run("prune shop --yes")
    assert [*cluster.secrets] == [name]
    cluster.objects[naming.KIND][0]["spec"]["envFrom"] = [{"secretRef": {"name": name}}]
    run("set shop --secret TOKEN", stdin="x")
    first, second = cluster.named
    assert (first, cluster.secrets[second]) == (name, {"TOKEN": "x"})
    run("unset shop FOREIGN", code=failures.MISTYPED)


STALE = "shop-config-0123456789"


def test_a_secret_without_an_owner_as_a_restore_leaves_it_is_replaced_and_pruned(cluster: Stored) -> None:
    cluster.objects[kinds.SECRET] = [a_secret(STALE, ownerReferences=[])]
    cluster.objects[naming.KIND][0]["spec"]["envFrom"] = [{"secretRef": {"name": STALE}}]
    run("set shop --secret TOKEN", stdin="x")
    (name,) = cluster.named
    assert cluster.secrets[name] == {"FOREIGN": "1", "TOKEN": "x"}
    run("prune shop --yes")
    assert [*cluster.secrets] == [name]
    run("unset shop FOREIGN")
    assert cluster.secrets[cluster.named[0]] == {"TOKEN": "x"}


def test_a_secret_that_nothing_names_is_listed_and_pruned(cluster: Stored, token: str) -> None:
    cluster.objects[kinds.SECRET].append(a_secret(STALE))
    assert run("prune shop --dry-run").stdout == f"Secret {STALE}: deleted (dry run)\n"
    assert "Add --yes" in run("prune shop", code=failures.MISTYPED).stderr
    assert len(cluster.secrets) == 2
    assert run("prune shop --yes").stdout == f"Secret {STALE}: deleted\n"
    assert [*cluster.secrets] == cluster.named
    assert "There is no Secret to delete." in run("prune shop").stderr


@pytest.mark.parametrize("kind", prune.HOLDERS)
def test_whoever_else_names_a_secret_keeps_it(
    cluster: Stored, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """What still runs or may start, a copy of the Formation, and a CronJob that was made by hand."""
    volumes = [{"secret": {"secretName": STALE}}]
    other = {"metadata": {"name": "other"}, "spec": {"template": {"spec": {"volumes": volumes}}}}
    cluster.objects[kinds.SECRET] = [a_secret(STALE)]
    cluster.objects.setdefault(kind, []).append(other)
    everything = FakeCluster.select

    def select(self: FakeCluster, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        found = everything(self, kind)
        asked = kind == kinds.SECRET or not labels  # by labels only ours are found
        return found if asked else found._replace(items=[])

    monkeypatch.setattr(FakeCluster, "select", select)
    run("prune shop --yes")
    assert [*cluster.secrets] == [STALE]


def test_a_replica_set_that_is_over_keeps_no_secret(cluster: Stored) -> None:
    old = {"replicas": 0, "template": {"spec": {"volumes": [{"secret": {"secretName": STALE}}]}}}
    cluster.objects[kinds.SECRET] = [a_secret(STALE)]
    cluster.objects[kinds.REPLICA_SET] = [{"metadata": {"name": "x"}, "spec": old}]
    run("prune shop --yes")
    assert cluster.secrets == {}


def test_a_secret_that_the_next_apply_brings_back_is_kept(cluster: Stored) -> None:
    last = json.dumps({"spec": {"envFrom": [{"secretRef": {"name": STALE}}]}})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": last}
    cluster.objects[naming.KIND][0]["metadata"]["annotations"] = annotations
    cluster.objects[kinds.SECRET] = [a_secret(STALE)]
    run("prune shop --yes")
    assert [*cluster.secrets] == [STALE]


@pytest.mark.parametrize("ahead", [-3600, 0, 3600])
def test_a_secret_that_was_just_made_by_the_servers_clock_is_left_for_whoever_is_about_to_name_it(
    cluster: Stored, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    cluster.objects[kinds.SECRET] = [a_secret(STALE)]
    cluster.time = builders.NOW + 5
    monkeypatch.setattr("time.time", lambda: cluster.time + ahead)
    assert "was made a moment ago" in run("prune shop --yes").stderr
    assert [*cluster.secrets] == [STALE]


def test_variables_are_shown_with_where_they_come_from(
    cluster: Stored, token: str, snapshot: SnapshotAssertion
) -> None:
    spec = cluster.objects[naming.KIND][0]["spec"]
    spec["envFrom"] += [
        {"configMapRef": {"name": "settings"}, "prefix": "MY_"},
        {"secretRef": {"name": "nowhere"}},
    ]
    origin = {"secretKeyRef": {"name": "database", "key": "url"}}
    field = {"fieldRef": {"fieldPath": "status.podIP"}}
    spec["env"] += [{"name": "DB", "valueFrom": origin}, {"name": "IP", "valueFrom": field}]
    spec["env"] += [{"name": "URL", "value": "http://$(MY_HOST)/$(TOKEN)/$(IP)"}]
    cluster.objects[kinds.CONFIG_MAP] = [
        {"metadata": {"name": "settings"}, "data": {"HOST": "a", "X": "b\n"}}
    ]
    database = {"metadata": {"name": "database", "labels": {}}, "data": {"url": "cGc="}}
    cluster.objects[kinds.SECRET].append(database)

    result = run("shop")
    assert (result.stdout + result.stderr).replace(token, "SECRET").split() == snapshot

    values = {each["name"]: each["value"] for each in json.loads(run("--show shop -o json").stdout)}
    assert (values["DB"], values["IP"], values["TOKEN"]) == ("pg", None, PASSWORD)
    assert values["URL"] is None  # it has the value of IP, which only a process knows
    assert '"b\\n"' in run("shop --show").stdout


def test_a_variable_of_env_hides_one_of_env_from(cluster: Stored) -> None:
    cluster.objects[naming.KIND][0]["spec"]["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    cluster.objects[kinds.CONFIG_MAP] = [{"metadata": {"name": "settings"}, "data": {"MODE": "slow"}}]
    shown = json.loads(run("show shop --show -o json").stdout)
    assert shown[1] == {"name": "MODE", "from": "spec.env", "value": "fast"}


def test_a_formation_without_variables_says_how_to_set_one(cluster: Stored) -> None:
    cluster.objects[naming.KIND] = [builders.stored(builders.a_formation())]
    result = run("shop")
    assert result.stdout == ""
    assert "kubectl formation config set shop KEY=VALUE" in result.stderr


NODE = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}


def test_a_value_that_there_is_not_or_that_nobody_reads_is_no_empty_line(cluster: Stored) -> None:
    result = run("get shop MODUS", code=failures.MISTYPED)
    assert (result.stdout, "Did you mean MODE?" in result.stderr) == ("", True)
    cluster.objects[naming.KIND][0]["spec"]["env"].append(NODE)
    assert "Only a process knows the value of NODE" in run("get shop NODE", code=failures.FAILED).stderr
    run("set shop --secret TOKEN", stdin=PASSWORD)
    cluster.forbidden = (kinds.SECRET,)
    assert run("get shop MODE").stdout == "fast\n"
    assert "You may not read Secret" in run("get shop TOKEN", code=failures.NO_ACCESS).stderr


def test_a_reference_to_what_no_variable_is_called_is_printed_as_processes_get_it(cluster: Stored) -> None:
    cluster.objects[naming.KIND][0]["spec"]["env"].append({"name": "URL", "value": "$(NOBODY)/$(MODE)"})
    assert run("get shop URL").stdout == "$(NOBODY)/fast\n"


def test_a_value_that_an_unread_secret_may_hide_is_printed_with_a_warning(
    cluster: Stored, token: str
) -> None:
    cluster.objects[naming.KIND][0]["spec"]["envFrom"].insert(0, {"configMapRef": {"name": "settings"}})
    cluster.objects[kinds.CONFIG_MAP] = [{"metadata": {"name": "settings"}, "data": {"HOST": "a"}}]
    cluster.forbidden = (kinds.SECRET,)
    result = run("get shop HOST")
    assert result.stdout == "a\n"
    assert f"You may not read Secret {token}." in result.stderr
