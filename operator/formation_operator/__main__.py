"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import logging
import os
import sys

import kopf
import uvloop

from formation_operator import command_line, handlers
from formation_operator.api import naming


def main() -> None:
    """Read the command line and have kopf run until a signal asks to stop, or the work has ended."""
    arguments = command_line.parser().parse_args()
    kopf.configure(log_format=kopf.LogFormat[arguments.log_format.upper()], verbose=arguments.verbose)
    for chatty in ("kopf.objects", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # kopf looks up the user's name, and a random uid has none.
    os.environ.setdefault("LOGNAME", naming.FIELD_MANAGER)
    settings = command_line.settings(arguments)
    operator = kopf.operator(
        registry=kopf.get_default_registry(),
        standalone=True,
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        memo=kopf.Memo(settings=settings),
    )
    try:
        uvloop.run(operator)
    except Exception as error:
        if isinstance(error.__cause__, handlers.WorkEndedError):  # which the log has said
            sys.exit(1)
        raise


if __name__ == "__main__":
    main()
