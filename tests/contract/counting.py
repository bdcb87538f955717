"""What tests of counts look at, and the objects that scale."""

from typing import Any

from tests.live.client import Client
from tests.live.history import History, stages


class Record(History):
    """All values that a Deployment's count took."""

    def __init__(self, user: Client, name: str) -> None:
        super().__init__(user, "deployment", name)

    def counts(self) -> list[int]:
        """Stop watching and return the values, repetitions left out."""
        return stages(self.end(), lambda deployment: int(deployment["spec"]["replicas"]))


def count(user: Client, name: str = "shop-worker") -> int:
    return int(user.get("deployment", name)["spec"]["replicas"])


def counts(user: Client) -> dict[str, int]:
    return {item["metadata"]["name"]: item["spec"]["replicas"] for item in user.list_all("deployment")}


def declared(user: Client, process_type: str = "worker") -> int | None:
    count: int | None = user.get("formation", "shop")["spec"]["processes"][process_type].get("replicas")
    return count


def an_hpa(minimum: int, target: str = "shop-worker", kind: str = "Deployment") -> dict[str, Any]:
    version = "apps/v1" if kind == "Deployment" else "formations.dev/v1"
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"{target}-{kind.lower()}"},
        "spec": {
            "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": target},
            "minReplicas": minimum,
            "maxReplicas": 20,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                }
            ],
        },
    }


def an_hpa_to_zero() -> dict[str, Any]:
    """Return an HPA that scales by the jobs that wait, also to zero, and at once."""
    hpa = an_hpa(0)
    target = {"type": "AverageValue", "averageValue": "1"}
    hpa["spec"]["metrics"] = [
        {"type": "External", "external": {"metric": {"name": "jobs"}, "target": target}}
    ]
    hpa["spec"]["behavior"] = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    return hpa


def managed_by(user: Client) -> str | None:
    processes = user.get("formation", "shop")["status"].get("processes") or {}
    manager: str | None = (processes.get("worker") or {}).get("replicasManagedBy")
    return manager
