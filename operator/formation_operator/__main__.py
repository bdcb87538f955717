"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import logging
import os
import sys

import kopf
import uvloop

from formation_operator import command_line, handlers
from formation_operator.api import naming


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
        memo=kopf.Memo(settings=settings),
    )
    try:
        uvloop.run(operator)
    except Exception as error:
        if isinstance(error.__cause__, handlers.WorkEndedError):  # it is in the log
            sys.exit(1)
        raise


if __name__ == "__main__":
    main()
