"""``kubectl formation`` as somebody types it who has installed it: kubectl finds it on the PATH."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator

from click.testing import CliRunner, Result

from formation_cli.program import program
from hack.cluster import paths
from hack.cluster.cluster import environment
from tests.live.client import Client
from tests.shared.terminal import Terminal


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

    def __call__(self, *words: str, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in a pipe, and check its exit code."""
        done = subprocess.run(
            self.command(*words),
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"kubectl formation {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == code, said
        return done

    def within(self, *words: str, code: int = 0, stdin: str = "") -> Result:
        """Run a command in this process, which saves starting one."""
        gone = {name: None for name in os.environ if name not in self.environment()}
        runner = CliRunner(env={**gone, **self.environment()})
        done = runner.invoke(program, words, prog_name="kubectl formation", input=stdin)
        assert done.exit_code == code, f"kubectl formation {' '.join(words)}: {done.exit_code}\n{done.output}"
        return done

    def with_user(self, server: str = "", **user: str) -> tuple[str, str]:
        """Return the option that names a kubeconfig of another user, such as one with a token."""
        view = ("config", "view", "--raw", "--minify", "--flatten", "--output=json")
        config = json.loads(self.user.cluster.run_kubectl(*view, f"--kubeconfig={self.kubeconfig}"))
        config["users"][0]["user"] = user
        if server:
            config["clusters"][0]["cluster"]["server"] = server
        handle, path = tempfile.mkstemp(dir=self.kubeconfig.parent)
        with os.fdopen(handle, "w") as file:
            json.dump(config, file)
        return "--kubeconfig", path

    @contextlib.contextmanager
    def start(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command that goes on until it is ended, with the test at the latest."""
        with subprocess.Popen(
            self.command(*words),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as started:
            try:
                yield started
            except BaseException:
                started.kill()
                raise

    def typed(self, *words: str, code: int = 0, answer: str = "") -> str:
        """Run a command at a terminal, with what is typed there, and return what the terminal was sent."""
        with self.terminal(*words) as terminal:
            terminal.press(answer)
        assert terminal.code == code, terminal.sent
        assert terminal.is_as_before
        return terminal.sent

    def terminal(self, *words: str, **window: int) -> Terminal:
        """Start a command at a terminal, where it can be watched."""
        return Terminal(self.command(*words), self.environment(), **window)

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
        }


def of(user: Client, scripts: pathlib.Path, kubeconfig: pathlib.Path) -> Plugin:
    """Return the plugin of a user, for whom a kubeconfig is written."""
    shutil.copy(user.cluster.kubeconfig, kubeconfig)
    context = ("config", f"--kubeconfig={kubeconfig}", "set-context", "--current")
    user.cluster.run_kubectl(*context, f"--namespace={user.namespace}")
    return Plugin(user, scripts, kubeconfig)
