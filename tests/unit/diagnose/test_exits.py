"""How a process ended, in everyday words."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api.reasons import Reason
from formation_operator.diagnose import exits
from formation_operator.kube.objects.containers import Exit
from tests.shared.builders import Manifest, a_container, a_pod, ago, condition, ended, waiting
from tests.unit.facts import known

AN_EXIT = Exit(
    code=1, reason="Error", message="", started_at=ago(65), finished_at=ago(5), memory_limit="64Mi"
)
RUNC = "failed to create shim task: OCI runtime create failed: unable to start container process: "
NOT_FOUND = "executable file not found in $PATH"


def an_exit(**changes: object) -> Exit:
    return dataclasses.replace(AN_EXIT, **changes)  # type: ignore[arg-type]


# What happened, and the word for programs.
ENDS = {
    "a typo in a shell's line": (an_exit(code=127, message="sh: 1: gunicorm: not found"), Reason.EXITED),
    "a crash of the program itself": (an_exit(code=139, message="loading"), Reason.KILLED),
    "kill -9": (an_exit(code=137), Reason.KILLED),
    "too much memory": (an_exit(code=137, reason="OOMKilled", message="allocating"), Reason.OUT_OF_MEMORY),
    "an empty word as the program": (
        an_exit(code=128, reason="StartError", message=f'{RUNC}exec: "": {NOT_FOUND}'),
        Reason.BAD_COMMAND,
    ),
    "a program that couldn't take the place of its runtime": (
        an_exit(code=255, started_at=ago(6), message="exec /a: x\nexec /app/run.sh: exec format error\n"),
        Reason.BAD_COMMAND,
    ),
    "a script whose interpreter isn't there": (
        an_exit(started_at=ago(6), message="exec /app/run.sh: no such file or directory"),
        Reason.BAD_COMMAND,
    ),
    "a process that says this of another one": (
        an_exit(started_at=ago(6), message="worker 3: exec /app/run.sh: permission denied"),
        Reason.EXITED,
    ),
    "a process that says this after a while": (
        an_exit(message="exec /app/run.sh: permission denied"),
        Reason.EXITED,
    ),
    "a start that failed for another reason": (
        an_exit(code=128, reason="ContainerCannotRun", message="the disk\nis full"),
        Reason.START_ERROR,
    ),
    "a lost node": (an_exit(code=137, reason="ContainerStatusUnknown"), Reason.LOST),
    "a node that was started again": (an_exit(code=255, reason="Unknown"), Reason.LOST),
    "work that was done": (an_exit(code=0, reason="Completed", started_at=ago(15)), Reason.COMPLETED),
    "a command of a Job that has done its work": (
        an_exit(code=0, reason="Completed", started_at=ago(6), command=("nginx",), once=True),
        Reason.COMPLETED,
    ),
}


@pytest.mark.parametrize(("end", "reason"), ENDS.values(), ids=ENDS)
def test_each_way_to_end_has_its_words(end: Exit, reason: Reason, snapshot: SnapshotAssertion) -> None:
    assert exits.reason(end) == reason
    assert exits.sentence(end) == snapshot


def test_a_process_that_may_have_left_the_foreground_is_told_the_way_out_of_its_program() -> None:
    ends = [an_exit(code=0, started_at=ago(begun), command=("nginx", "-e", "x")) for begun in (6, 600)]
    for end in ends:
        assert "in the foreground (nginx: add -g 'daemon off;' to its command, or" in exits.sentence(end)


def test_a_container_of_the_pod_template_has_its_limit_there() -> None:
    end = an_exit(code=137, reason="OOMKilled")
    assert exits.sentence(end, own=False) == f"{exits.sentence(end)} of it in podTemplate"


def test_the_record_says_what_is_known_and_nothing_else(snapshot: SnapshotAssertion) -> None:
    assert exits.record(an_exit(code=143)) == snapshot
    assert "signal" not in exits.record(an_exit())


def test_the_record_of_a_pod_is_its_own_containers() -> None:
    pod = known(a_pod(a_container(ended(4), "helper"), a_container(ended(3, before=9))))
    record = exits.record_of(pod, "worker")
    assert record is not None
    assert (record["exitCode"], record["finishedAt"]) == (3, ago(9))
    assert exits.record_of(pod, "web") is None


def test_the_record_of_an_evicted_pod_says_who_ended_it_and_with_which_code(
    snapshot: SnapshotAssertion,
) -> None:
    evicted = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"}
    unready = (condition("Ready", status=False, since=3),)
    pod = known(a_pod(a_container(ended(137)), conditions=unready, status=evicted))
    assert exits.record_of(pod, "worker") == snapshot


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"reason": "OutOfcpu", "message": "Pod was rejected: Node didn't have enough cpu"}, None),
        ({}, "exited with code 3"),
    ],
    ids=["its node refused it", "nothing but its own process failed"],
)
def test_a_pod_that_no_node_ended_has_its_own_record(status: Manifest, message: str | None) -> None:
    containers = (a_container(ended(3)),) if message else (a_container(waiting("ContainerCreating")),)
    pod = known(a_pod(*containers, status={"phase": "Failed", **status}))
    assert (exits.record_of(pod, "worker") or {}).get("message") == message


@given(
    st.builds(
        Exit,
        code=st.integers(),
        reason=st.sampled_from(["", "Error", "OOMKilled", *exits.NO_START]) | st.text(),
        message=st.text() | st.text().map(lambda text: f'exec: "{text}": {text}'),
        started_at=st.text() | st.just(ago(60)),
        finished_at=st.text() | st.just(ago(5)),
        memory_limit=st.sampled_from(["", "64Mi"]),
    )
)
def test_every_end_has_a_short_line_and_a_word(end: Exit) -> None:
    record = exits.record(end)
    assert record["reason"] in {*Reason}
    assert record["message"].isprintable()
    assert len(record["message"]) <= len(end.message) + 200
