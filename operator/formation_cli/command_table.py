"""The commands: where each one is, and what it does in a line, so that help needn't import them.

A new command is a module in `commands` with a `click.Command`, and a line here.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command is, as ``room.module:variable`` below `formation_cli.commands`; and what it does."""

    place: str
    summary: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Look": {
        "ps": Entry("look.ps:command", "List the processes of a Formation, or all Formations"),
        "top": Entry("look.top:command", "Show what processes use of CPU and memory, and which size fits"),
        "logs": Entry("look.logs:command", "Show the logs of all processes in one stream"),
        "release": Entry("look.release:command", "Show the state and the log of the release command"),
        "wait": Entry("look.wait:command", "Wait until a rollout is over, or has failed"),
        "events": Entry("look.events:command", "Show the Events of a Formation and of its objects"),
        "diff": Entry("look.diff:command", "Show what a manifest or a rollback would change and restart"),
        "history": Entry(
            "look.history:command", "List the deploys of a Formation, what each changed, and how it ended"
        ),
        "version": Entry(
            "look.version:command", "Show the versions of the plugin, the operator and the cluster"
        ),
    },
    "Change": {
        "scale": Entry("change.scale:command", "Set the counts (replicas) of process types, or print them"),
        "deploy": Entry("change.deploy:command", "Deploy another image"),
        "rollback": Entry("change.deploy:rollback", "Go back to a revision"),
        "config": Entry("config.show:command", "Show, set and unset variables, plain or secret"),
        "restart": Entry("change.restart:command", "Restart processes with a rolling update"),
        "stop": Entry("change.suspend:stop", "Stop all processes, and keep their counts"),
        "start": Entry("change.suspend:start", "Start all processes again, with the same counts"),
    },
    "Enter": {
        "run": Entry("enter.run:command", "Run a command in a new process"),
        "exec": Entry("enter.connect:execute", "Run a command in a running process"),
        "port-forward": Entry("enter.connect:forward", "Forward a port of this machine to a process"),
    },
    "Outside a cluster": {
        "local": Entry("outside.local:command", "Run a Formation on this machine, as Foreman does"),
        "init": Entry(
            "outside.imports:init", "Make formation.yaml from a Procfile, a Compose file or a Dockerfile"
        ),
        "import": Entry("outside.imports:command", "Make a Formation or a Secret from another tool's files"),
        "export": Entry("outside.exports:command", "Write a Formation in another tool's format"),
    },
}
"""The commands by section, in the order of the help."""

ENTRIES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
