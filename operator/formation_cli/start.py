"""Where the plugin's scripts begin; they begin as the operator's does."""

from formation_operator import start

INSTALL = "pipx install --force '.[cli]'"
"""By its place, not its name: a package index may have a stranger's by that name."""

EXTRA = ("click", "dotenv", "honcho", "rich")
"""What the extra brings; click comes with kopf, too."""


def plugin() -> None:
    """Run ``kubectl-formation``."""
    _run("formation_cli.__main__")


def completion() -> None:
    """Run ``kubectl_complete-formation``, which kubectl asks for completions."""
    _run("formation_cli.completion")


def _run(module: str) -> None:
    start.run(module, "kubectl formation", INSTALL, *EXTRA)
