"""What ``kubectl formation`` shows until Ctrl-C: changes are seen, and the terminal is left as it was."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from formation_cli.commands import log_streams
from tests import builders, local_http
from tests.builders import a_process
from tests.client import Client, eventually
from tests.e2e.scripts import CRASHES, GREETS, LINGERS, READY, STAYS, shop_of
from tests.plugin import Plugin
from tests.terminal import CTRL_C, Terminal, plain

pytestmark = pytest.mark.node

NARROW = 50


@pytest.fixture
def greeting(person: Client) -> Client:
    """A user with two types that run."""
    person.apply(shop_of(web=GREETS, worker=GREETS))
    person(*READY)
    return person


def pods(user: Client, type_: str) -> set[str]:
    """Return the Pods of a type, by their names."""
    labels = ((pod["metadata"]["name"], pod["metadata"]["labels"]) for pod in user.list_all("pod"))
    return {name for name, own in labels if own["formations.dev/process-type"] == type_}


def ended(terminal: Terminal) -> None:
    """Check how somebody's Ctrl-C has ended a command."""
    assert terminal.code == 130, terminal.sent
    assert terminal.is_as_before, terminal.sent


def test_processes_that_come_and_go_are_seen(person: Client, formation: Plugin) -> None:
    person.apply(shop_of(web=GREETS, worker=LINGERS))
    person(*READY)
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


def test_a_process_that_crashes_is_seen_in_a_narrow_window(person: Client, formation: Plugin) -> None:
    person.apply(shop_of(web=GREETS, worker=GREETS))
    person(*READY)
    with formation.terminal("ps", "shop", "--watch", columns=NARROW) as watching:
        watching.sees("Running")
        person.apply(shop_of(web=GREETS, worker=CRASHES))
        watching.sees("Crashing")
        watching.press(CTRL_C)
    ended(watching)
    assert max(map(len, plain(watching.sent).splitlines())) <= NARROW
    assert "\x1b[31mCrash" in watching.sent


def test_all_formations_are_watched(greeting: Client, formation: Plugin) -> None:
    with formation.terminal("ps", "--watch", columns=140) as watching:
        watching.sees(r"shop +True +web=1/1 worker=1/1")
        greeting.apply(builders.a_formation("other"))
        watching.sees("other")
        formation("stop", "shop")
        watching.sees(r"shop +\w+ +web=0/0 worker=0/0")
        greeting("delete", "formation", "other")
        watching.becomes(lambda screen: "shop" in screen and "other" not in screen)
        watching.press(CTRL_C)
    ended(watching)


def test_an_event_is_seen_though_others_fill_the_window(greeting: Client, formation: Plugin) -> None:
    with formation.terminal("events", "shop", "--watch", columns=200, rows=8) as watching:
        watching.sees("REASON")
        formation("scale", "shop", "worker=2")
        # Of many that come between two looks only the latest have room.
        watching.sees("from 1 to 2|worker: 2 of 2 run")
        greeting.merge("formation", "shop", {"spec": {"processes": {"clock": a_process(replicas=1)}}})
        watching.sees("/shop-clock")
        watching.press(CTRL_C)
    ended(watching)
    assert "formation/shop" in watching.screen
    assert len(watching.screen.splitlines()) > 8


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


@pytest.mark.parametrize("words", [("ps", "shop"), ("ps",), ("events", "shop")], ids=" ".join)
def test_a_program_reads_a_line_for_each_change(
    greeting: Client, formation: Plugin, words: tuple[str, ...]
) -> None:
    lines: list[str] = []
    (first,) = pods(greeting, "worker")
    with formation.start(*words, "--watch") as watching:
        reader = threading.Thread(target=lambda: lines.extend(watching.stdout or ()))
        reader.start()
        eventually(lambda: len(lines) > 1)
        formation("scale", "shop", "worker=3")
        eventually(lambda: any(newer(line, first) for line in lines))
        watching.send_signal(signal.SIGINT)
        reader.join()
    assert watching.returncode == 130
    assert lines[0].split()[0] in ("TYPE", "NAME", "SINCE")
    assert "\x1b" not in "".join(lines)


def newer(line: str, first: str) -> bool:
    """Tell whether a line is about what was not there from the beginning, when one worker was."""
    another = line.startswith("worker ") and first not in line
    return "from 1 to 3" in line or "worker=3/3" in line or another


@pytest.fixture
def listening(user: Client, shop: None) -> Client:
    """A user with an app that listens."""
    user.apply(builders.a_formation(processes={"web": a_process("/shop", "web", replicas=1, port=8080)}))
    user(*READY)
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


@pytest.fixture
def staying(person: Client) -> Iterator[Client]:
    """A user with a type whose process ends only when it is killed, and that is later than anyone looks."""
    manifest = shop_of(worker=STAYS)
    manifest["spec"]["processes"]["worker"]["terminationGracePeriodSeconds"] = 300
    person.apply(manifest)
    person(*READY)
    yield person
    person("delete", "pods", "--all", "--grace-period=1", "--wait=false")


def test_who_waits_no_longer_has_stopped_it_all_the_same(staying: Client, formation: Plugin) -> None:
    with formation.terminal("stop", "shop", "--wait") as waiting:
        waiting.sees("shop: stopped")
        waiting.sees("worker +0/0 +0/0 +Suspended")
        waiting.press(CTRL_C)
    ended(waiting)
    assert staying.get("formation", "shop")["spec"]["suspend"] is True
    assert pods(staying, "worker")
