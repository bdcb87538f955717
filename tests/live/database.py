"""A PostgreSQL in a namespace, as somebody brings it to their app; it begins empty."""

from hack.images import postgresql
from tests.live import once
from tests.live.client import Client

PASSWORD = "hunter2"
START = f"""
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
echo {PASSWORD} > /tmp/password
initdb --pgdata=/tmp/data --username=shop --pwfile=/tmp/password --auth=scram-sha-256 > /dev/null
echo host all all all scram-sha-256 >> /tmp/data/pg_hba.conf
echo CREATE DATABASE shop | postgres --single -D /tmp/data postgres
exec postgres -D /tmp/data -c listen_addresses='*' -c unix_socket_directories=/tmp
"""
LABELS = {"app": "db"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "db", "labels": LABELS},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "postgresql",
                "image": postgresql.IMAGE.name,
                "command": ["sh", "-c", START],
                "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "db"},
    "spec": {"selector": LABELS, "ports": [{"port": 5432}]},
}


def start(kubectl: Client) -> str:
    """Start it with the database `shop` of the user `shop`, and return its host, as Pods reach it."""
    once.load(kubectl.cluster, postgresql.build())
    kubectl.apply(POD)
    kubectl.apply(SERVICE)
    kubectl("wait", "--for=condition=Ready", "pod/db", "--timeout=2m")
    return str(kubectl.get("service", "db")["spec"]["clusterIP"])
