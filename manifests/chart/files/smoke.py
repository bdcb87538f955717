"""What `helm test` runs: the operator takes up a new Formation, which needs no process to start for that."""

import http
import os
import sys
import time

from kubernetes import client, config

PATIENCE = 60
KIND = ("formations.dev", "v1", os.environ["NAMESPACE"], "formations")
FORMATION = {
    "apiVersion": "formations.dev/v1",
    "kind": "Formation",
    "metadata": {"name": "helm-test"},
    "spec": {
        "image": "registry.invalid/none:v1",
        "processes": {"worker": {"command": ["/none"], "replicas": 0}},
    },
}


def ready(formation: dict) -> bool:
    """Tell whether the operator says that the Formation is as declared."""
    conditions = formation["status"].get("conditions") or []
    return any((item["type"], item["status"]) == ("Ready", "True") for item in conditions)


def delete(formations: client.CustomObjectsApi) -> None:
    """Delete the Formation, if it is there; end with an error if it is somebody else's."""
    try:
        known = formations.get_namespaced_custom_object(*KIND, "helm-test")
        if known["spec"].get("image") != FORMATION["spec"]["image"]:
            sys.exit("somebody else has a Formation helm-test: it was left alone, and nothing was tested")
        formations.delete_namespaced_custom_object(*KIND, "helm-test")
    except client.ApiException as error:
        if error.status != http.HTTPStatus.NOT_FOUND:
            raise


def main() -> int:
    """Make a Formation, wait for the operator's answer, and delete it, as one that was killed didn't."""
    config.load_incluster_config()
    formations = client.CustomObjectsApi()
    delete(formations)
    formations.create_namespaced_custom_object(*KIND, FORMATION)
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if ready(formations.get_namespaced_custom_object(*KIND, "helm-test")):
                print("the operator works")
                return 0
            time.sleep(0.5)
        print(f"the operator hasn't taken up a Formation within {PATIENCE} s", file=sys.stderr)
        return 1
    finally:
        delete(formations)


if __name__ == "__main__":
    sys.exit(main())
