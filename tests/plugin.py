"""``kubectl formation`` as somebody types it who has installed it: kubectl finds it on the PATH."""

import dataclasses
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import tomllib

from click.testing import CliRunner, Result

from formation_cli.program import program
from tests.client import PATIENCE, Client
from tests.cluster import paths
from tests.cluster.cluster import environment

COLOUR = re.compile(r"\x1b\[\??[0-9;]*[a-zA-Z]")
COLUMNS = "100"


def install(folder: pathlib.Path) -> None:
    """Write the scripts that pip would make of the project's entry points."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    for name, entry in project["scripts"].items():
        module, _, function = entry.partition(":")
        script = folder / name
        script.write_text(f"#!{sys.executable}\nfrom {module} import {function}\n{function}()\n")
        script.chmod(0o755)


@dataclasses.dataclass(frozen=True)
class Plugin:
    """``kubectl formation``, with a kubeconfig whose current namespace is the user's."""

    user: Client
    scripts: pathlib.Path
    kubeconfig: pathlib.Path

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command in a pipe, and check its exit code."""
        done = subprocess.run(
            self.command(*words),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"kubectl formation {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == code, said
        return done

    def within(self, *words: str, code: int = 0) -> Result:
        """Run a command in this process, which saves starting one."""
        gone = {name: None for name in os.environ if name not in self.environment()}
        runner = CliRunner(env={**gone, **self.environment()})
        # The client has read $KUBECONFIG when it was imported.
        chosen = [f"--kubeconfig={self.kubeconfig}", *words]
        done = runner.invoke(program, chosen, prog_name="kubectl formation")
        assert done.exit_code == code, f"kubectl formation {' '.join(words)}: {done.exit_code}\n{done.output}"
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command that goes on until it is ended."""
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def typed(self, *words: str, code: int = 0, answer: str = "") -> str:
        """Run a command at a terminal, with what is typed there, and return what the terminal was sent."""
        ended_with, sent = at_terminal(self.command(*words), self.environment(), answer)
        assert ended_with == code, sent
        return sent

    def completed(self, *words: str) -> list[str]:
        """Return what kubectl offers a shell for the last word."""
        kubectl = (str(self.user.cluster.kubectl), "__complete", *words)
        done = subprocess.run(kubectl, env=self.environment(), capture_output=True, text=True, check=True)
        *found, directive = done.stdout.splitlines()
        assert directive.startswith(":")
        return [line.partition("\t")[0] for line in found]

    def command(self, *words: str) -> list[str]:
        """Return the command as kubectl is started."""
        return [str(self.user.cluster.kubectl), "formation", *words]

    def environment(self) -> dict[str, str]:
        """Return the environment of somebody who has kubectl and the plugin on the PATH."""
        folders = [str(self.scripts), str(self.user.cluster.kubectl.parent), os.environ["PATH"]]
        return {
            **environment(),
            "PATH": os.pathsep.join(folders),
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(paths.ROOT / "operator"),
            "TERM": "xterm-256color",
            "COLUMNS": COLUMNS,
        }


def of(user: Client, scripts: pathlib.Path, kubeconfig: pathlib.Path) -> Plugin:
    """Return the plugin of a user, for whom a kubeconfig is written."""
    shutil.copy(user.cluster.kubeconfig, kubeconfig)
    context = ("config", f"--kubeconfig={kubeconfig}", "set-context", "--current")
    user.cluster.run_kubectl(*context, f"--namespace={user.namespace}")
    return Plugin(user, scripts, kubeconfig)


def at_terminal(command: list[str], environment: dict[str, str], answer: str = "") -> tuple[int, str]:
    """Run a command at a terminal; return its exit code, and what the terminal was sent."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    if answer:
        os.write(ours, answer.encode())
    sent = _read(ours)
    return child.wait(PATIENCE), sent


def plain(text: str) -> str:
    """Return what a terminal was sent without its colours and its cursor."""
    return COLOUR.sub("", text).replace("\r\n", "\n")


def _read(terminal: int) -> str:
    """Return all that comes until nobody writes any more."""
    deadline, found = time.monotonic() + PATIENCE, b""
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 1)
        try:
            piece = os.read(terminal, 65536) if ready else None
        except OSError:  # Linux says so where the other side is closed
            piece = b""
        if piece == b"":
            break
        found += piece or b""
    os.close(terminal)
    return found.decode()
