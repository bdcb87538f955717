"""A day with ``kubectl formation``, as it is typed in a terminal and in a script, with processes that run."""

import json
import re
import signal
import threading

import pytest

from tests.client import Client, eventually
from tests.e2e.scripts import CRASHES, GREETS, READY, shop_of
from tests.images import debian
from tests.plugin import Plugin
from tests.terminal import plain

pytestmark = pytest.mark.node

UNPULLABLE = "registry.example.com/shop:nowhere"


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with two types that run."""
    person.apply(shop_of(web=GREETS, worker=GREETS))
    person(*READY)
    return person


def going_on(formation: Plugin) -> list[dict[str, str]]:
    found = json.loads(formation("ps", "shop", "-o", "json").stdout)
    return [each for each in found if each["state"] != "Stopping"]


def processes(formation: Plugin) -> list[tuple[str, str]]:
    return [(each["type"], each["state"]) for each in going_on(formation)]


def names(formation: Plugin) -> set[str]:
    return {*formation("ps", "shop", "-o", "name").stdout.split()}


def test_processes_are_shown_scaled_restarted_stopped_and_started(shop: Client, formation: Plugin) -> None:
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


def test_an_image_that_can_not_be_pulled_ends_the_wait_at_once(shop: Client, formation: Plugin) -> None:
    done = formation("deploy", "shop", "--image", UNPULLABLE, "--wait", code=1)
    assert done.stdout == f"image: {debian.IMAGE.name} -> {UNPULLABLE}\n"
    assert "Error: shop isn't ready, and waiting won't help. w" in done.stderr
    assert UNPULLABLE in done.stderr
    assert "Old processes keep running: web=1 worker=1." in done.stderr


def test_a_process_that_crashes_ends_the_wait_with_its_last_words(person: Client, formation: Plugin) -> None:
    person.apply(shop_of(web=GREETS, worker=CRASHES))
    done = formation("scale", "shop", "worker=2", "--wait", code=1)
    assert "worker: exited with code 3" in done.stderr
    assert "no database" in done.stderr


def test_all_logs_are_one_stream_that_follows_who_comes(shop: Client, formation: Plugin) -> None:
    hello = ["web says hello", "worker says hello"]
    # Whoever runs is about to say so.
    eventually(lambda: said(formation("logs", "shop").stdout.splitlines()) == hello)
    lines: list[str] = []
    with formation.start("logs", "shop", "-f", "worker") as following:
        reader = threading.Thread(target=lambda: lines.extend(following.stdout or ()))
        reader.start()
        eventually(lambda: len(lines) == 1)
        formation("scale", "shop", "worker=2")
        eventually(lambda: len(lines) == 2)
        following.send_signal(signal.SIGINT)
        reader.join()
    assert following.returncode == 130
    assert said(lines) == ["worker says hello"] * 2


def said(lines: list[str]) -> list[str]:
    """Return what processes wrote, without who it was."""
    return sorted(line.partition(" | ")[2].strip() for line in lines)


def test_a_command_runs_in_a_process_of_its_own_or_in_one_that_is_there(
    shop: Client, formation: Plugin
) -> None:
    script = 'echo "$GREETING from $PROCESS_TYPE"; exit 7'
    shell = ("/bin/sh", "-c", script)
    assert formation("run", "shop", "--", *shell, code=7).stdout == "hello from run\n"
    assert "Error: It can't be run:" in formation("run", "shop", "--", "/nothing", code=127).stderr
    eventually(lambda: not shop.list_all("jobs.batch"))

    job = formation("run", "shop", "--type", "worker", "--detach", "--", *shell).stdout.strip()
    assert eventually(lambda: shop("logs", job, check=False).stdout) == "hello from worker\n"
    assert formation("exec", "shop", "--type", "worker", "--", *shell, code=7).stdout == "hello from worker\n"


def test_what_a_job_with_the_label_writes_is_in_the_log(shop: Client, formation: Plugin) -> None:
    container = {
        "name": "report",
        "image": debian.IMAGE.name,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", "echo reported"],
    }
    template = {
        "metadata": {"labels": {"formations.dev/formation": "shop"}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    shop.apply(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "shop-report"},
            "spec": {"backoffLimit": 0, "template": template},
        }
    )
    shop("wait", "--for=condition=Complete", "job/shop-report", "--timeout=60s")
    written = eventually(lambda: formation("logs", "shop", "run").stdout)
    (line,) = written.splitlines()
    assert re.fullmatch(r"report\.\w{5} +\| reported", line)
    assert line.split() in [each.split() for each in formation("logs", "shop").stdout.splitlines()]
    assert said(formation("logs", "shop", "worker").stdout.splitlines()) == ["worker says hello"]


def test_a_port_of_a_process_is_led_here(person: Client, formation: Plugin) -> None:
    listening = shop_of(web=GREETS)
    listening["spec"]["processes"]["web"]["port"] = 8080
    person.apply(listening)
    # Nothing is led to a Pod that doesn't run yet.
    eventually(lambda: [pod["status"]["phase"] for pod in person.list_all("pod")] == ["Running"])
    with formation.start("port-forward", "shop", "0") as forwarding:
        assert forwarding.stdout is not None
        assert re.fullmatch(r"Forwarding from 127\.0\.0\.1:[0-9]+ -> 8080\n", forwarding.stdout.readline())
        forwarding.send_signal(signal.SIGINT)


def test_waiting_and_a_shell_of_its_own_are_for_a_person_at_a_terminal(
    shop: Client, formation: Plugin
) -> None:
    shown = plain(formation.typed("scale", "shop", "worker=2", "--wait"))
    assert "worker: 1 -> 2" in shown.splitlines()
    assert "UPDATED" in shown
    assert shown.splitlines()[-1] == "shop: all process types run as declared"
    own = formation.typed("run", "shop", "-it", "--", "/bin/sh", answer="tty; exit 3\n", code=3)
    assert "/dev/pts/" in plain(own)


def test_a_terminal_has_colours_a_sentence_and_a_shell(shop: Client, formation: Plugin) -> None:
    shown = formation.typed("ps", "shop")
    assert "\x1b[32mRunning" in shown
    assert plain(shown).splitlines()[-1] == "shop: all process types run as declared"
    eventually(lambda: "\x1b[36mweb." in formation.typed("logs", "shop"))
    assert "/dev/pts/" in plain(formation.typed("exec", "shop", "--", "/bin/sh", answer="tty && exit\n"))
