"""A day with ``kubectl formation``, as it is typed in a terminal and in a script, with processes that run."""

import json

import pytest

from hack.images import debian
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared.terminal import plain

pytestmark = pytest.mark.node

UNPULLABLE = "registry.example.com/shop:nowhere"


def going_on(formation: Plugin) -> list[dict[str, str]]:
    found = json.loads(formation("ps", "shop", "-o", "json").stdout)
    return [each for each in found if each["state"] != "Stopping"]


def processes(formation: Plugin) -> list[tuple[str, str]]:
    return [(each["type"], each["state"]) for each in going_on(formation)]


def reasons(user: Client) -> set[str]:
    return {each.get("reason", "") for each in user.reported()["status"]["processes"].values()}


def names(formation: Plugin) -> set[str]:
    return {*formation("ps", "shop", "-o", "name").stdout.split()}


def test_processes_are_shown_scaled_restarted_stopped_and_started(
    greeting: Client, formation: Plugin
) -> None:
    scaled = formation("scale", "shop", "worker+1", "--wait")
    assert scaled.stdout == "worker: 1 -> 2\n"
    assert "shop: all process types run as declared" in scaled.stderr
    assert processes(formation) == [("web", "Running"), ("worker", "Running"), ("worker", "Running")]

    before = names(formation)
    formation("restart", "shop", "worker", "--wait")
    (kept,) = before & {f"pod/{each['process']}" for each in going_on(formation)}
    assert kept.startswith("pod/shop-web-")

    formation("stop", "shop", "--wait")
    assert names(formation) == set()
    assert processes(formation) == [("web", "Suspended"), ("worker", "Suspended")]
    formation("start", "shop")
    eventually(lambda: len(processes(formation)) == 3)


def test_an_image_that_can_not_be_pulled_ends_the_wait_and_the_way_back_keeps_what_runs(
    greeting: Client, formation: Plugin
) -> None:
    before = names(formation)
    done = formation("deploy", "shop", "--image", UNPULLABLE, "--wait", code=1)
    assert done.stdout == f"image: {debian.IMAGE.name} -> {UNPULLABLE}\n"
    assert "Error: shop isn't ready, and waiting won't help. w" in done.stderr
    assert UNPULLABLE in done.stderr
    assert "Old processes keep running: web=1 worker=1." in done.stderr
    eventually(lambda: reasons(greeting) == {"ImagePullFailed"})
    assert "ImagePullFailed" in formation("ps", "shop").stdout
    # A failure that is older than the change ends a wait at once, too.
    again = formation("scale", "shop", "worker=2", "--wait", code=1)
    assert "Error: shop isn't ready, and waiting won't help. worker: can't" in again.stderr
    formation("scale", "shop", "worker=1")

    back = formation("rollback", "shop", "--to", "1", "--wait").stderr.splitlines()
    assert "web, worker: the processes are restarted, unless they run this already" in back
    assert before <= names(formation)


def test_a_command_runs_in_a_process_of_its_own_or_in_one_that_is_there(
    greeting: Client, formation: Plugin
) -> None:
    script = 'echo "$GREETING from $PROCESS_TYPE"; exit 7'
    shell = ("/bin/sh", "-c", script)
    assert formation("run", "shop", "--", *shell, code=7).stdout == "hello from run\n"
    assert "Error: It can't be run:" in formation("run", "shop", "--", "/nothing", code=127).stderr
    assert "/etc/passwd" in formation("run", "shop", "--", "/etc/passwd", code=126).stderr
    eventually(lambda: not greeting.list_all("jobs.batch"))
    job = formation("run", "shop", "--type", "worker", "--detach", "--", *shell).stdout.strip()
    assert eventually(lambda: greeting("logs", job, check=False).stdout) == "hello from worker\n"

    lines = eventually(lambda: formation("logs", "shop", "worker").stdout).splitlines()
    (name,) = {line.partition(" ")[0] for line in lines if line.startswith("worker.")}
    assert formation("logs", "shop", name).stdout.splitlines() == lines
    for there in (("--type", "worker"), ("--process", name)):
        entered = formation("exec", "shop", *there, "--", *shell, code=7)
        assert entered.stdout == "hello from worker\n"


def test_a_person_at_a_terminal_has_colours_a_sentence_and_a_shell(
    greeting: Client, formation: Plugin
) -> None:
    shown = plain(formation.typed("scale", "shop", "worker=2", "--wait"))
    assert "worker: 1 -> 2" in shown.splitlines()
    assert "UPDATED" in shown
    table = formation.typed("ps", "shop")
    assert "\x1b[32mRunning" in table
    assert plain(table).splitlines()[-1] == "shop: all process types run as declared"
    eventually(lambda: "\x1b[36mweb." in formation.typed("logs", "shop"))
    assert "/dev/pts/" in plain(formation.typed("exec", "shop", "--", "/bin/sh", answer="tty && exit\n"))
    own = formation.typed("run", "shop", "-it", "--", "/bin/sh", answer="tty; exit 3\n", code=3)
    assert "/dev/pts/" in plain(own)
