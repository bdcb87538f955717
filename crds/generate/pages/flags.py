"""The flags of the operator, from its command line: the meaning is what ``--help`` says."""

import argparse

from crds.generate.pages import parts
from formation_operator import command_line

SOURCE = "operator/formation_operator/command_line.py"
SEE = {
    "namespace": "[some namespaces](install.md#for-some-namespaces-only)",
    "no-write-through": "[counts](../counts.md#scaling-a-deployment)",
    "lease": "[high availability](../operating.md#high-availability)",
    "liveness": "[health](../operating.md#health)",
    "metrics": "[metrics](../operating.md#metrics)",
}
"""Where a page says more."""


def table() -> str:
    """Return a row for each flag but ``--help`` and ``--version``."""
    actions = command_line.parser()._actions  # noqa: SLF001  # argparse has no other way to ask
    rows = [[_flag(each), _meaning(each)] for each in actions if each.default is not argparse.SUPPRESS]
    return parts.table(["flag", "meaning"], rows)


def _flag(action: argparse.Action) -> str:
    *short, name = action.option_strings
    value = action.metavar or "|".join(action.choices or ()) or action.dest.upper()
    return parts.code([name if action.nargs == 0 else f"{name} {value}", *short])


def _meaning(action: argparse.Action) -> str:
    says = (action.help or "") % vars(action)
    see = SEE.get(action.option_strings[-1].removeprefix("--"))
    return says[0].upper() + says[1:] + (f". See {see}" if see else "")
