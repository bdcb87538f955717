"""What ``kubectl formation`` shows until Ctrl-C: changes are seen, and the terminal is left as it was."""

import signal
import threading
import time

import pytest

from formation_cli.commands import log_streams
from hack import local_http
from tests.e2e.scripts import GREETS, LINGERS, shop_of
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders
from tests.shared.builders import a_process
from tests.shared.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.node

NARROW = 50


def pods(user: Client, type_: str) -> set[str]:
    """Return the Pods of a type, by their names."""
    labels = ((pod["metadata"]["name"], pod["metadata"]["labels"]) for pod in user.list_all("pod"))
    return {name for name, own in labels if own["formations.dev/process-type"] == type_}


def ended(terminal: Terminal) -> None:
    """Check how somebody's Ctrl-C has ended a command."""
    assert terminal.code == 130, terminal.sent
    assert terminal.is_as_before, terminal.sent


def test_processes_that_come_and_go_are_seen(person: Client, formation: Plugin) -> None:
    person.ready(shop_of(web=GREETS, worker=LINGERS))
    (first,) = pods(person, "worker")
    with formation.terminal("ps", "shop", "--watch") as watching:
        watching.sees(rf"{first} +Running")
        formation("scale", "shop", "worker=2")
        (second,) = eventually(lambda: pods(person, "worker") - {first})
        watching.sees(rf"{second} +Running")
        person("delete", "pod", first, "--wait=false")
        watching.sees(rf"{first} +Stopping")
        (third,) = eventually(lambda: pods(person, "worker") - {first, second})
        watching.sees(rf"{third} +Running")
        watching.becomes(lambda screen: third in screen and first not in screen)
        watching.press(CTRL_C)
    ended(watching)
    assert "\x1b[32mRunning" in watching.sent
    assert {*pods(person, "worker")} == {word for word in watching.screen.split() if "worker-" in word}


def test_the_logs_of_processes_that_come_and_go_are_one_stream(greeting: Client, formation: Plugin) -> None:
    with formation.terminal("logs", "shop", "-f", columns=NARROW) as following:
        following.sees(r"web\.\w{5} +\| web says hello")
        time.sleep(2 * log_streams.PAUSE)  # what is there within the first moment hasn't come
        formation("scale", "shop", "worker=2")
        following.sees(r"system +\| worker\.\w{5} started")
        following.sees(r"worker\.\w{5} +\| worker says hello")
        formation("scale", "shop", "worker=0")
        following.sees(r"system +\| worker\.\w{5} ended")
        following.press(CTRL_C)
    ended(following)
    assert "\x1b[36mweb." in following.sent
    assert "\x1b[33mworker." in following.sent


def test_a_program_reads_a_line_for_each_change(greeting: Client, formation: Plugin) -> None:
    lines: list[str] = []
    with formation.start("ps", "--watch") as watching:
        reader = threading.Thread(target=lambda: lines.extend(watching.stdout or ()))
        reader.start()
        eventually(lambda: len(lines) > 1)
        formation("scale", "shop", "worker=3")
        eventually(lambda: any("worker=3/3" in line for line in lines))
        watching.send_signal(signal.SIGINT)
        reader.join()
    assert watching.returncode == 130
    assert lines[0].startswith("NAME")
    assert "\x1b" not in "".join(lines)


def test_two_ctrl_cs_end_what_follows_without_a_trace(greeting: Client, formation: Plugin) -> None:
    with formation.terminal("logs", "shop", "-f") as following:
        following.sees("says hello")
        following.press(CTRL_C)
        following.press(CTRL_C)
    assert following.code == 130
    assert "Traceback" not in following.sent


def test_what_a_process_in_a_back_off_wrote_is_its_previous_log(person: Client, formation: Plugin) -> None:
    person.apply(shop_of(worker="echo no database; exit 3"))
    codes = "jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}"
    eventually(lambda: person("get", "pods", f"--output={codes}").stdout == "3")
    assert formation("logs", "shop", "worker", "--previous").stdout.endswith("| no database\n")


@pytest.fixture
def listening(user: Client, shop: None) -> Client:
    """A user with an app that listens."""
    user.ready(builders.a_formation(processes={"web": a_process("/shop", "web", replicas=1, port=8080)}))
    return user


def test_a_port_leads_to_a_process_until_ctrl_c(listening: Client, formation: Plugin) -> None:
    with formation.terminal("port-forward", "shop", "0") as forwarding:
        port = forwarding.sees(r"Forwarding from 127\.0\.0\.1:[0-9]+").rpartition(":")[2]
        address = f"http://127.0.0.1:{port}/"
        assert "v1" in local_http.text_of(address, seconds=10)
        forwarding.sees(f"Handling connection for {port}")
        forwarding.press(CTRL_C)
    assert forwarding.code == 0  # kubectl's own
    assert forwarding.is_as_before
    with pytest.raises(OSError, match="refused"):
        local_http.text_of(address, seconds=10)


def test_a_command_that_runs_once_ends_and_nothing_is_left(greeting: Client, formation: Plugin) -> None:
    with formation.terminal("run", "shop", "--", "/bin/sh", "-c", "echo begun; exec sleep 600") as running:
        running.sees("begun")
        running.press(CTRL_C)
    ended(running)
    eventually(lambda: not greeting.list_all("jobs.batch"))
