"""What is known of the cluster that runs: written before each step, so that any crash can be cleaned up."""

import dataclasses
import json
import os
import pathlib
import typing

from hack.cluster import packages, paths, processes
from hack.cluster.errors import ClusterError


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

    def save(self) -> None:
        """Write the record, in one step."""
        unfinished = file().with_suffix(".new")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(dataclasses.asdict(self), indent=1))
        unfinished.replace(file())

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


def load() -> Record | None:
    """Return the recorded cluster, if there is one."""
    try:
        content = json.loads(file().read_text())
    except FileNotFoundError:
        return None
    for kind in ("daemons", "guests"):
        content[kind] = [processes.Process(**process) for process in content.get(kind, [])]
    return Record(**content)


def known() -> Record:
    """Return the recorded cluster of this cache; raise ClusterError if there is none."""
    if found := load():
        return found
    raise ClusterError("no cluster is up")
