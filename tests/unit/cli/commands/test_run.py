"""What is made of a command line, how it ends, and that no Job is left behind."""

import signal
import threading
from collections.abc import Iterator

import pytest
from click.testing import Result

from formation_cli import failures
from formation_cli.cluster.port import LogQuery, Object
from formation_cli.commands.enter import clock
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ended
from tests.unit.cli.fake_cluster import Deleting, FakeCluster
from tests.unit.cli.typed import on


class Interrupted(FakeCluster):
    """Is interrupted when the Job was made and nobody was told so, and again while it is deleted."""

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        super().create(manifest)
        raise KeyboardInterrupt

    def delete(self, kind: str, name: str, *, dry_run: bool = False) -> None:
        signal.raise_signal(signal.SIGINT)
        super().delete(kind, name)


def run(cluster: FakeCluster, words: str = "", code: int = 0, *, command: str = "/shop migrate") -> Result:
    """Have a command run once in the shop."""
    cluster.objects["Formation"] = [builders.stored(builders.a_formation())]
    return on(cluster, f"run shop {words} -- {command}", code)


@pytest.mark.parametrize("how", ["", "--detach"])
def test_who_interrupts_leaves_no_job_behind(how: str) -> None:
    cluster = Interrupted()
    run(cluster, how, failures.INTERRUPTED)
    assert cluster.objects["Job"] == []


def test_a_job_that_can_not_be_deleted_is_named() -> None:
    cluster = FakeCluster()
    cluster.failing = {"Job": failures.NoAccess("read timed out")}
    result = run(cluster, code=failures.OURS)
    assert "Error: read timed out" in result.stderr
    assert "Job shop-run-" in result.stderr


def test_where_no_job_was_made_none_may_be_left_behind() -> None:
    cluster = FakeCluster()
    cluster.forbidden = ("Job",)
    first, last = run(cluster, code=failures.OURS).stderr.splitlines()
    assert first.startswith("Error: You may not create Job shop-run-")
    assert last == "The API server says: no"


@pytest.mark.parametrize("how", ["-d -i", "-d -t", "-d -it", "-t", "-it"])
def test_what_nobody_could_type_at_is_not_begun(how: str) -> None:
    cluster = FakeCluster()
    assert "leave" in run(cluster, how, failures.OURS).stderr
    assert "Job" not in cluster.objects


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ('exec: "nosuch": executable file not found in $PATH', 127),
        ("exec: /nothing: no such file or directory", 127),
        ("exec: /etc/passwd: permission denied", 126),
    ],
)
def test_a_command_that_can_not_be_begun_ends_as_in_a_shell(why: str, code: int) -> None:
    cluster = FakeCluster(Pod=[a_pod(a_container(ended(128, why, reason="StartError")))])
    assert run(cluster, code=code).stderr == f"Error: It can't be run: {why}\n"


def test_a_command_whose_time_is_over_says_how_long_it_had_to_end() -> None:
    pod = a_pod(a_container(builders.waiting("ContainerCreating")))
    pod["spec"]["terminationGracePeriodSeconds"] = 30
    result = run(Deleting(Pod=[pod]), "--timeout 5s", failures.OVERTIME)
    assert "Its 5 s are over" in result.stderr
    assert "30 s to end after SIGTERM" in result.stderr


def test_where_no_controller_makes_a_pod_it_ends_all_the_same() -> None:
    cluster = FakeCluster(Pod=[], Event=[])
    result = run(cluster, "--timeout 1s", failures.OVERTIME)
    assert result.stderr == "Error: Its 1 s are over, and the command hasn't started: its Job has no Pod\n"
    assert cluster.objects["Job"] == []


class Unending(FakeCluster):
    """Its process never ends, and neither does the answer with its log."""

    def __init__(self, pod: Object) -> None:
        pod["spec"]["terminationGracePeriodSeconds"] = 0
        super().__init__(Pod=[pod])

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        threading.Event().wait()
        yield b""


def test_where_no_controller_ends_a_process_it_is_not_waited_for_longer_than_its_grace_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "LATE", 0.1)
    cluster = Unending(a_pod())
    result = run(cluster, "--timeout 1s", failures.OVERTIME)
    said = [
        "Its 1 s are over: it has 0 s to end.",
        "Error: Its 1 s are over, and 0 s later it still isn't known",
    ]
    assert [line[: len(each)] for line, each in zip(result.stderr.splitlines(), said, strict=True)] == said
    assert cluster.objects["Job"] == []


def test_a_command_that_ends_in_time_stops_its_clock() -> None:
    before = signal.getsignal(signal.SIGALRM)
    run(FakeCluster(Pod=[a_pod(a_container(ended(3)))]), "--timeout 1h", 3)
    assert signal.getsignal(signal.SIGALRM) == before


def test_without_a_command_it_asks_for_one_and_makes_no_job() -> None:
    cluster = FakeCluster()
    result = run(cluster, code=failures.OURS, command="")
    assert "What should run? Write -- and the command, or --args" in result.stderr
    assert "Job" not in cluster.objects


@pytest.mark.parametrize(("words", "args"), [("migrate $(A)", ["migrate", "$$(A)"]), ("", None)])
def test_with_args_the_image_s_own_program_runs(words: str, args: list[str] | None) -> None:
    cluster = FakeCluster()
    run(cluster, "--args --detach", command=words)
    (container,) = cluster.objects["Job"][0]["spec"]["template"]["spec"]["containers"]
    assert container.get("args") == args
    assert "command" not in container


def test_variables_are_for_this_command_only_and_win_over_those_of_the_type() -> None:
    cluster = FakeCluster()
    run(cluster, "--detach --env PRICE=$(A) --env PROCESS_TYPE=mine --env EMPTY=")
    (container,) = cluster.objects["Job"][0]["spec"]["template"]["spec"]["containers"]
    found = {each["name"]: each.get("value") for each in container["env"]}
    assert (found["PRICE"], found["PROCESS_TYPE"], found["EMPTY"]) == ("$$(A)", "mine", "")
    (formation,) = cluster.objects["Formation"]
    assert "PRICE" not in str(formation["spec"])


def test_after_ctrl_c_it_says_how_long_the_process_has() -> None:
    cluster = FakeCluster(Pod=[a_pod()])
    cluster.failing = {"shop-worker-1": KeyboardInterrupt()}
    result = run(cluster, code=failures.INTERRUPTED)
    assert result.stderr == "It gets SIGTERM, and has 30 s to end.\n"


def test_what_is_detached_is_followed_by_its_name() -> None:
    assert run(FakeCluster(), "--detach").stderr == "To see its output: kubectl formation logs shop run -f\n"
