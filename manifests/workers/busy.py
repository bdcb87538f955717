"""Marks a Celery worker's own Pod while it has a job: docs/how-to/workers.md."""

import json
import os
import pathlib
import ssl
import urllib.request

from celery import signals

ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")


def mark(cost: str) -> None:
    """Say what it costs to end this Pod: Kubernetes ends those with the lowest cost first."""
    token, namespace = ((ACCOUNT / name).read_text() for name in ("token", "namespace"))
    host, port, pod = (
        os.environ[name] for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "HOSTNAME")
    )
    patch = {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": cost}}}
    request = urllib.request.Request(
        f"https://{host}:{port}/api/v1/namespaces/{namespace}/pods/{pod}/status",
        json.dumps(patch).encode(),
        method="PATCH",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"},
    )
    context = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    try:
        urllib.request.urlopen(request, timeout=2, context=context).close()
    except OSError as error:
        print("not marked:", error, flush=True)  # the job runs all the same


signals.task_prerun.connect(lambda **_: mark("1"), weak=False)
signals.task_postrun.connect(lambda **_: mark("0"), weak=False)
