"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import asyncio
import faulthandler
import logging
import os
import sys

import kopf
import uvloop

from formation_operator import command_line, handlers
from formation_operator.api import naming

CLOSING_SECONDS = 10.0
"""How long the loop may take to close once all work has ended, and the process to end.

kopf ends what takes too long only while the loop runs. The closing of uvloop's loop also waits for each name
that is still looked up.
"""


def main() -> None:
    """Read the command line, and run kopf until a signal, or until the work has ended by itself."""
    arguments = command_line.parser().parse_args()
    kopf.configure(log_format=kopf.LogFormat[arguments.log_format.upper()], verbose=arguments.verbose)
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    # kopf looks up the user's name, which a random uid doesn't have.
    os.environ.setdefault("LOGNAME", naming.FIELD_MANAGER)
    settings = command_line.settings(arguments)
    operator = kopf.operator(
        registry=kopf.get_default_registry(),
        standalone=True,
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        memories=handlers.NoMemories(),
        memo=kopf.Memo(settings=settings),
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(operator)
            finally:
                faulthandler.dump_traceback_later(CLOSING_SECONDS, exit=True)
    except Exception as error:
        if isinstance(error.__cause__, handlers.WorkEndedError):  # it is in the log
            sys.exit(1)
        raise


if __name__ == "__main__":
    main()
