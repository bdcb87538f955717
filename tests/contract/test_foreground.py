"""Commands that leave the foreground are warned of by the optional policy, and never refused."""

import shlex
from collections.abc import Iterable

import pytest

from crds.generate import policy
from formation_operator.foreground import check, shell
from hack.cluster import paths
from hack.cluster.cluster import Cluster
from tests.contract.policies import in_effect
from tests.live.client import Client, eventually
from tests.live.once import once
from tests.shared.builders import Manifest, a_formation, a_process, text
from tests.unit.commands import RIGHT, WARNED

NGINX = check.finding(["nginx"])
NAME = "foreground.formations.dev"
MOST_WORDS, LONGEST = 64, 600
"""Of a command that the policy reads: its words, and their characters."""
POLICIES = str(paths.ROOT / "manifests" / "policies")


def running(*commands: Iterable[str]) -> Manifest:
    """Return a Formation with a process type for each command."""
    return a_formation(processes={f"p{number}": a_process(*words) for number, words in enumerate(commands)})


@pytest.fixture(scope="module")
def policies(administrator: Cluster) -> None:
    """Have the policy in effect, from now on for everybody: it only warns."""

    def install() -> None:
        administrator.run_kubectl("apply", "-k", POLICIES)
        eventually(lambda: "daemon off" in warnings(Client(administrator, "default"), running(["nginx"])))

    once("policies", install)


def warnings(kubectl: Client, formation: Manifest) -> str:
    """Return what is said to who applies a Formation, which is never refused."""
    how = ("--server-side", "--dry-run=server")  # the other way has no room for a large object
    return kubectl("apply", *how, "-f", "-", input=text(formation)).stderr


def plain(command: list[str]) -> bool:
    """Tell whether a command runs no shell."""
    return shell.script(check.unwrapped(command)) is None


COMMANDS = [shlex.split(command) for command in (*WARNED, *RIGHT)]
HANDFULS = [COMMANDS[start : start + 20] for start in range(0, len(COMMANDS), 20)]


@pytest.mark.parametrize("commands", HANDFULS, ids=lambda commands: commands[0][0])
def test_the_policy_warns_in_the_operators_words_and_refuses_nothing(
    kubectl: Client, policies: None, commands: list[list[str]]
) -> None:
    said = warnings(kubectl, running(*commands))

    found = {f"p{number}": check.finding(words) for number, words in enumerate(commands) if plain(words)}
    _, _, told = said.strip().partition(f"with binding '{NAME}': ")
    assert {*told.split("; ")} - {""} == {f"{name}: {each}" for name, each in found.items() if each}


def test_whoever_applies_a_daemon_reads_the_warning_and_has_the_formation(
    kubectl: Client, policies: None
) -> None:
    done = kubectl("apply", "-f", "-", input=text(running(["nginx"], ["sshd", "-D"])))

    assert f"Warning: Validation failed for ValidatingAdmissionPolicy '{NAME}'" in done.stderr
    assert f"p0: {NGINX}" in done.stderr
    assert "p1" not in done.stderr
    assert "created" in done.stdout
    again = kubectl("apply", "-f", "-", input=text(running(["nginx", "-g", "daemon off;"])))
    assert again.stderr == ""


def long(number: int) -> list[str]:
    """Return a command as long as the policy reads one, with a wrapper and many options."""
    words = ["env", "A=b", "gunicorn", "--daemon", "--bind", ":80", "-c", "conf.py", f"app{number}"]
    while len(words) < MOST_WORDS and sum(map(len, words)) + len(words) < LONGEST - 12:
        words.append("--option=x")
    return words


def test_a_formation_of_32_types_with_long_commands_is_within_the_budget(
    kubectl: Client, policies: None
) -> None:
    said = warnings(kubectl, running(*(long(number) for number in range(32))))

    assert [number for number in range(32) if f"p{number}: gunicorn goes" not in said] == []


def test_nothing_is_said_of_commands_that_are_too_long_to_judge(kubectl: Client, policies: None) -> None:
    many = ["gunicorn", "-D", *["x"] * MOST_WORDS]
    wide = ["gunicorn", "-D", "x" * LONGEST]
    huge = ["gunicorn", "-D", *["x" * 700] * 60]

    assert warnings(kubectl, running(many, wide, *[huge] * 30)) == ""


def test_a_policy_that_is_over_its_budget_refuses_nothing(kubectl: Client, administrator: Cluster) -> None:
    name = f"{kubectl.namespace}.over-budget"
    here = f"{{matchLabels: {{kubernetes.io/metadata.name: {kubectl.namespace}}}}}"
    costly = (
        policy.text()
        .replace(NAME, name)
        .replace("resourceRules:", f"namespaceSelector: {here}\n    resourceRules:")
        .replace(f"<= {MOST_WORDS}", "<= 100000")
        .replace(f"<= {LONGEST}", "<= 1000000")
    )
    with in_effect(administrator, costly, lambda: name in warnings(kubectl, running(["nginx"]))):
        assert warnings(kubectl, running(*[["gunicorn", "-D", *["x"] * 5000]] * 30)) == ""


def test_the_api_server_finds_no_fault_in_the_policy(kubectl: Client, policies: None) -> None:
    def checked() -> Manifest | None:
        found = kubectl.get("validatingadmissionpolicy", NAME)
        status: Manifest = found.get("status", {})
        return status if status.get("observedGeneration") == found["metadata"]["generation"] else None

    assert eventually(checked)["typeChecking"] == {}
