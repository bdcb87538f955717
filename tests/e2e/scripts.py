"""A Formation whose types are scripts, each in a shell: what they say is seen in logs."""

from tests.e2e.containers import of_debian, sh
from tests.shared import builders

READY = ("wait", "--for=condition=Ready", "formation/shop", "--timeout=120s")
GREETS = 'trap "exit 0" TERM; echo "$PROCESS_TYPE says $GREETING"; while :; do sleep 0.2; done'
LINGERS = 'trap "sleep 5; exit 0" TERM; while :; do sleep 0.2; done'
"""So long that it is seen while it ends."""


def shop_of(**scripts: str) -> builders.Manifest:
    """Return a Formation whose types run these scripts, each once; what doesn't crash is soon believed."""
    return of_debian(
        ends_soon=False,
        env=[{"name": "GREETING", "value": "hello"}],
        processes={
            name: builders.a_process(
                *sh(each), replicas=1, **({} if "exit 3" in each else {"minReadySeconds": 1})
            )
            for name, each in scripts.items()
        },
    )
