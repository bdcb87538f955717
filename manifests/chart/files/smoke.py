"""What `helm test` runs: the operator takes up a new Formation, which needs no process to start for that."""

import http.client
import json
import os
import pathlib
import ssl
import sys
import time

PATIENCE = 60
ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
FORMATIONS = f"/apis/formations.dev/v1/namespaces/{os.environ['NAMESPACE']}/formations"
OWN = f"{FORMATIONS}/helm-test"
FORMATION = {
    "apiVersion": "formations.dev/v1",
    "kind": "Formation",
    "metadata": {"name": "helm-test"},
    "spec": {
        "image": "registry.invalid/none:v1",
        "processes": {"worker": {"command": ["/none"], "replicas": 0}},
    },
}


def ask(method: str, path: str, body: dict | None = None) -> dict | None:
    """Return the API server's answer, or nothing for what isn't there.

    By Python alone: the operator's image has only that of Kubernetes' client which the operator uses.
    """
    server = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    trusted = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    connection = http.client.HTTPSConnection(*server, timeout=PATIENCE, context=trusted)
    headers = {
        "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
        "Content-Type": "application/json",
    }
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    if answer.status == http.HTTPStatus.NOT_FOUND:
        return None
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        sys.exit(f"{method} {path}: {answer.status}: {said}")
    return json.loads(said)


def ready(formation: dict) -> bool:
    """Tell whether the operator says that the Formation is as declared."""
    conditions = formation["status"].get("conditions") or []
    return any((item["type"], item["status"]) == ("Ready", "True") for item in conditions)


def delete() -> None:
    """Delete the Formation, if it is there; end with an error if it is somebody else's."""
    known = ask("GET", OWN)
    if known and known["spec"].get("image") != FORMATION["spec"]["image"]:
        sys.exit("somebody else has a Formation helm-test: it was left alone, and nothing was tested")
    if known:
        ask("DELETE", OWN)


def main() -> int:
    """Make a Formation, wait for the operator's answer, and delete it, as one that was killed didn't."""
    delete()
    ask("POST", FORMATIONS, FORMATION)
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if ready(ask("GET", OWN) or {"status": {}}):
                print("the operator works")
                return 0
            time.sleep(0.5)
        print(f"the operator hasn't taken up a Formation within {PATIENCE} s", file=sys.stderr)
        return 1
    finally:
        delete()


if __name__ == "__main__":
    sys.exit(main())
