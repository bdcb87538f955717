"""What is known of the cluster that runs: written before each step, so that any crash can be cleaned up.

A real node changes the machine.  So a copy of its record is in a place of the machine, where a command with
another cache finds what has to be put back.
"""

import dataclasses
import json
import os
import pathlib
import typing

from tests.cluster import packages, paths, processes
from tests.cluster.errors import ClusterError


@dataclasses.dataclass
class Record:
    """One cluster, half-started ones included."""

    node: str
    server: str
    binaries: dict[str, str]
    controllers: bool = True
    """Whether Kubernetes' own controllers and scheduler are part of it."""
    ready: bool = False
    daemons: list[processes.Process] = dataclasses.field(default_factory=list)
    guests: list[processes.Process] = dataclasses.field(default_factory=list)
    """What runs on the cluster without being part of it, such as the demo's operator: ends with it."""
    host: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    """How the machine was before the real node."""
    cache: str = dataclasses.field(default_factory=lambda: str(paths.cache().resolve()))
    """The cache whose cluster it is."""

    def save(self) -> None:
        """Write the record, and its copy if it has something to put back; each in one step."""
        for target in (file(), *([copy()] if self.host else [])):
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(".new")
            unfinished.write_text(json.dumps(dataclasses.asdict(self), indent=1))
            unfinished.replace(target)

    def start(self, name: str, command: list[str]) -> None:
        """Start and record a daemon; all that it gets of our environment is where commands are."""
        environment = {"PATH": os.pathsep.join([*self.folders(), packages.search_path()])}
        log = paths.state() / "logs" / f"{name}.log"
        self.daemons.append(processes.start(name, command, log, environment))
        self.save()

    def start_guest(self, name: str, command: list[str], environment: dict[str, str]) -> processes.Process:
        """Start and record a guest, in place of one of the same name that runs."""
        processes.kill([guest for guest in self.guests if guest.name == name])
        log = paths.state() / "logs" / f"{name}.log"
        started = processes.start(name, command, log, environment)
        self.guests = [*(guest for guest in self.guests if guest.name != name), started]
        self.save()
        return started

    def folders(self) -> list[str]:
        """Return the folders of our binaries."""
        return sorted({str(pathlib.Path(path).parent) for path in self.binaries.values()})

    def daemon(self, name: str) -> processes.Process:
        """Return the process of a name."""
        return next(process for process in self.daemons if process.name == name)


def file() -> pathlib.Path:
    """Return the file of the record."""
    return paths.state() / "cluster.json"


def copy() -> pathlib.Path:
    """Return the file of the machine's copy, which goes when the machine is put back."""
    return paths.sockets() / "cluster.json"


def load() -> Record | None:
    """Return the recorded cluster of this cache, if there is one."""
    return read(file())


def known() -> Record:
    """Return the recorded cluster of this cache; raise ClusterError if there is none."""
    if found := load():
        return found
    raise ClusterError("no cluster is up")


def of_machine() -> Record | None:
    """Return the cluster, of whatever cache, that has changed this machine, if it was recorded."""
    return read(copy())


def read(recorded: pathlib.Path) -> Record | None:
    """Return the cluster that a file is about, if there is one."""
    try:
        content = json.loads(recorded.read_text())
    except FileNotFoundError:
        return None
    for kind in ("daemons", "guests"):
        content[kind] = [processes.Process(**process) for process in content.get(kind, [])]
    return Record(**content)
