"""``kubectl formation`` about one process, and about what has failed, with processes that run."""

import json
import signal

import pytest

from tests.client import Client, eventually
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.plugin import Plugin
from tests.terminal import CTRL_C, plain

pytestmark = pytest.mark.node


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with two types that run."""
    person.apply(shop_of(web=GREETS, worker=GREETS))
    person(*READY)
    return person


def test_a_process_is_read_and_entered_by_the_name_that_logs_gives_it(
    shop: Client, formation: Plugin
) -> None:
    lines = eventually(lambda: formation("logs", "shop", "worker").stdout).splitlines()
    (name,) = {line.partition(" ")[0] for line in lines}
    assert name.startswith("worker.")
    assert formation("logs", "shop", name).stdout.splitlines() == lines
    said = ("/bin/sh", "-c", "echo $PROCESS_TYPE; exit 3")
    assert formation("exec", "shop", "--process", name, "--", *said, code=3).stdout == "worker\n"
    wrong = formation("exec", "shop", "--type", "web", "--process", name, "--", *said, code=125)
    assert "is a process of worker, not of web" in wrong.stderr


def test_what_ran_once_is_shown_as_what_became_of_it(shop: Client, formation: Plugin) -> None:
    for code in ("0", "7"):
        formation("run", "shop", "--detach", "--", "/bin/sh", "-c", f"exit {code}")

    def became() -> set[tuple[str, str]]:
        rows = json.loads(formation("ps", "shop", "run", "-o", "json").stdout)
        return {(each["state"], each["reason"]) for each in rows}

    eventually(lambda: became() == {("Completed", ""), ("Failed", "Exited")})


def test_an_image_that_can_not_be_pulled_is_in_the_table(shop: Client, formation: Plugin) -> None:
    formation("deploy", "shop", "--type", "worker", "--image", "registry.example.com/shop:nowhere")
    eventually(lambda: "ImagePullFailed" in formation("ps", "shop").stdout)
    assert "registry.example.com/shop:nowhere" in formation("ps", "shop", "-o", "wide").stdout


def test_a_way_back_from_it_says_that_what_runs_stays_and_so_it_does(shop: Client, formation: Plugin) -> None:
    before = set(formation("ps", "shop", "-o", "name").stdout.split())
    formation("deploy", "shop", "--image", "registry.example.com/shop:nowhere", "--wait", code=1)
    back = formation("rollback", "shop", "--to", "1", "--wait").stderr.splitlines()
    assert "web, worker: the processes are restarted, unless they run this already" in back
    assert before <= set(formation("ps", "shop", "-o", "name").stdout.split())


def test_what_a_process_in_a_back_off_wrote_is_its_previous_log(shop: Client, formation: Plugin) -> None:
    shop.apply(shop_of(web=GREETS, worker="echo no database; exit 3"))
    codes = "jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}"
    worker = ("get", "pods", "--selector=formations.dev/process-type=worker", f"--output={codes}")
    eventually(lambda: shop(*worker).stdout == "3")
    assert formation("logs", "shop", "worker", "--previous").stdout.endswith("| no database\n")


def test_a_deploy_of_what_is_stopped_says_that_it_was_not_tried(shop: Client, formation: Plugin) -> None:
    formation("stop", "shop", "--wait")
    done = formation("deploy", "shop", "--image", "registry.example.com/shop:nowhere", "--wait")
    assert "shop is stopped: no process type runs, and no change is tried" in done.stderr
    assert "Suspended" in formation("ps").stdout


def test_two_ctrl_cs_end_what_follows_without_a_trace(shop: Client, formation: Plugin) -> None:
    with formation.terminal("logs", "shop", "-f") as following:
        following.sees("says hello")
        following.press(CTRL_C)
        following.press(CTRL_C)
    assert following.code == 130
    assert "Traceback" not in following.sent
    with formation.start("logs", "shop", "-f") as piped:
        assert piped.stdout is not None
        piped.stdout.readline()
        piped.send_signal(signal.SIGINT)
        piped.send_signal(signal.SIGINT)
        assert "Traceback" not in piped.communicate()[0]
    assert piped.returncode == 130


def test_an_image_a_revision_and_a_variable_are_words_behind_the_name(
    shop: Client, formation: Plugin
) -> None:
    image = formation("history", "shop", "1", "-o", "json").stdout
    assert formation("config", "get", "shop", "GREETING").stdout == "hello\n"
    formation("config", "set", "shop", "--secret", "TOKEN", stdin="s3cret")
    assert formation("config", "get", "shop", "TOKEN").stdout == "s3cret\n"
    own = ("--env", "GREETING=$(TOKEN)", "--env", "MORE=$GREETING")
    said = ("/bin/sh", "-c", 'echo "$GREETING $MORE $TOKEN"')
    assert formation("run", "shop", *own, "--", *said).stdout == "$(TOKEN) $GREETING s3cret\n"
    formation("deploy", "shop", "registry.example.com/shop:nowhere", "--wait", code=1)
    formation("rollback", "shop", "1", "--wait")
    now = formation("history", "shop", "4", "-o", "json").stdout
    assert json.loads(now) == json.loads(image)


def test_a_window_of_80_columns_has_a_line_for_each_process(shop: Client, formation: Plugin) -> None:
    with formation.terminal("ps", "shop", columns=80) as terminal:
        terminal.sees("all process types run")
    rows = [line.split()[:3] for line in plain(terminal.sent).splitlines()]
    assert len(rows) >= 3
    names = [name for type_, name, *_ in (row for row in rows[1:3])]
    assert [name.partition(".")[0] for name in names] == ["web", "worker"]
    assert [row[2] for row in rows[1:3]] == ["Running", "Running"]
