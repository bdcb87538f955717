"""What the API server accepts, and that it stores it as it was written: no default, nothing pruned."""

from tests.contract.manifests import (
    MIGRATE,
    SIDECAR,
    WEB,
    WORKER,
    containers,
    formation,
    limits,
    own,
    processes,
    release,
    scheduled,
    tried,
    variable,
    without,
    worker,
)
from tests.live.client import Client
from tests.shared.builders import Manifest, a_formation, a_process

TWELVE_FACTOR = a_formation(
    env=[{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "url"}}}],
    processes={
        "web": a_process("gunicorn", "shop.wsgi", "--bind", ":$(PORT)", replicas=2, port=8080),
        "worker": a_process("celery", "worker", replicas=4, terminationGracePeriodSeconds=300),
        "clock": a_process("celery", "beat", replicas=1, singleton=True),
    },
)
EVERYTHING = worker(
    args=["--verbose"],
    image="shop:v2",
    replicas=0,
    port=8080,
    service=False,
    appProtocol="kubernetes.io/h2c",
    trafficDistribution="PreferSameNode",
    env=[
        {"name": "A", "value": ""},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ],
    envFrom=[
        {"configMapRef": {"name": "shop"}, "prefix": "S_"},
        {"secretRef": {"name": "shop", "optional": True}},
    ],
    resources={"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi", "example.com/gpu": 1}},
    livenessProbe={"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
    readinessProbe={"tcpSocket": {"port": 8080}, "successThreshold": 2},
    startupProbe={"exec": {"command": ["true"]}},
    terminationGracePeriodSeconds=0,
    minReadySeconds=0,
    progressDeadlineSeconds=2_147_483_647,
    rollingUpdate={"maxSurge": "25%", "maxUnavailable": 0},
    disruptionBudget={"maxUnavailable": "100%"},
    autoscaling={
        "minReplicas": 0,
        "maxReplicas": 2_147_483_647,
        "metrics": [
            {
                "type": "External",
                "external": {
                    "metric": {"name": "jobs"},
                    "target": {"type": "AverageValue", "averageValue": "1500m"},
                },
            },
            {
                "type": "ContainerResource",
                "containerResource": {
                    "name": "cpu",
                    "container": "process",
                    "target": {"type": "Utilization", "averageUtilization": 60},
                },
            },
        ],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600, "selectPolicy": "Min"}},
    },
    securityDefaults="none",
    podTemplate={
        "metadata": {"labels": {"team": "shop"}, "annotations": {"example.com/note": "a b"}},
        "spec": {
            "serviceAccountName": "shop",
            "tolerations": [{"operator": "Exists"}],
            "volumes": [
                {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
                {"name": "ca", "configMap": {"name": "ca"}},
            ],
            "containers": [
                {
                    "name": "process",
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                    "ports": [{"name": "metrics", "containerPort": 9090}],
                    "securityContext": {"runAsUser": 1000},
                },
                {**SIDECAR, "ports": [{"name": "http", "containerPort": 8081}]},
            ],
            "initContainers": [{"name": "tunnel", "image": "tunnel:1", "restartPolicy": "Always"}],
        },
    },
)
ACCEPTED: dict[str, Manifest] = {
    "an app with web, worker and clock": TWELVE_FACTOR,
    "every field of a type": EVERYTHING,
    "everything shared": formation(labels={"team": "shop"}, annotations={"note": "a b"}, suspend=True),
    "every field of a release": release(
        args=["--verbose"],
        env=[variable(valueFrom={"secretKeyRef": {"name": "owner", "key": "url"}})],
        envFrom=[{"configMapRef": {"name": "shop"}, "prefix": "S_"}],
        resources={"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
        serviceAccountName="shop.owner",
        activeDeadlineSeconds=2_147_483_647,
        backoffLimit=0,
    ),
    "every field of a schedule": scheduled(
        timeZone="America/Argentina/Buenos_Aires",
        args=["--verbose"],
        image="reporter:1",
        env=[variable(valueFrom={"secretKeyRef": {"name": "owner", "key": "url"}})],
        envFrom=[{"configMapRef": {"name": "shop"}, "prefix": "S_"}],
        resources={"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
        serviceAccountName="shop.reporter",
        concurrencyPolicy="Allow",
        startingDeadlineSeconds=1,
        activeDeadlineSeconds=2_147_483_647,
        backoffLimit=0,
        successfulJobsHistoryLimit=0,
        failedJobsHistoryLimit=0,
        suspend=True,
    ),
    **{
        f"the schedule {each}": scheduled(schedule=each)
        for each in ("@daily", "*/5 9-17 * * MON-FRI", "0  3 1,15 jan,JUL ?", "@every 1h30m", "* * * * *")
    },
    "the longest name of a schedule": scheduled("n" * 47),
    "args of a release alone": release(command=None, args=["migrate"]),
    "types with images of their own beside a release": processes(
        {"web": {**WEB, "image": "shop:v2"}}, release=MIGRATE
    ),
    "a sidecar named release where there is no release": formation(
        podTemplate=containers({**SIDECAR, "name": "release"})
    ),
    "args alone": processes({"worker": {"args": ["worker"]}}),
    "a type that runs its image as it is": processes({"web": {}}),
    "no command and empty args": processes({"web": {"args": [], "port": 8080}}),
    "one type that runs its image as it is, beside others of that image": processes(
        {"web": {"port": 8080}, "worker": WORKER, "clock": {"args": ["clock"]}}
    ),
    "types that run images of their own as they are": processes(
        {"web": {}, "worker": {"image": "worker:v1"}, "clock": {"image": "clock:v1"}}
    ),
    "an image as long as any can be": formation(image="registry.example.com/" + "x" * 1003),
    "an image for each type": without(worker(image="shop:v2"), "spec", "image"),
    "empty lists and values": worker(args=[], env=[], envFrom=[], resources={}, podTemplate={}),
    "words as long as Linux takes one": worker(command=["worker", "x" * 131_071]),
    "an empty argument": worker(command=["worker", ""]),
    "a singleton without a count": worker(singleton=True),
    "a suspended singleton": worker(singleton=True, replicas=0),
    "a disruption budget with its default": worker(disruptionBudget={}),
    "a disruption budget of one": worker(disruptionBudget={"maxUnavailable": 1}),
    "a disruption budget for all types, one of which is a singleton": a_formation(
        disruptionBudget={"maxUnavailable": "10%"}, processes={"clock": {**WORKER, "singleton": True}}
    ),
    "a rollout that a process has just time for": worker(progressDeadlineSeconds=6),
    "a rollout of seconds, where the type has a check of its own": worker(
        readinessProbe={"exec": {"command": ["true"]}}, progressDeadlineSeconds=1
    ),
    "a process that has to be ready for nearly as long as a rollout": worker(minReadySeconds=599),
    "no surge and the default for the other": worker(rollingUpdate={"maxSurge": 0}),
    "a type's name that begins with a digit": worker("2nd"),
    "a type named process": worker("process", podTemplate=own(tty=True)),
    "HTTP/3 on a type's port": worker(
        port=443, podTemplate=own(ports=[{"containerPort": 443, "protocol": "UDP"}])
    ),
    "a change of a probe's times alone in podTemplate": worker(
        port=80, podTemplate=own(readinessProbe={"periodSeconds": 1})
    ),
    **{
        f"a probe of the port {name}": worker(livenessProbe={"tcpSocket": {"port": name}})
        for name in ("http", "a", "8-a", "h2-c", "a1-2b", "123456789012-ab")
    },
    "a probe that ends processes sooner": worker(
        startupProbe={"exec": {"command": ["true"]}, "terminationGracePeriodSeconds": 1}
    ),
    **{
        f"the key {key}": worker(env=[variable(valueFrom={"secretKeyRef": {"name": "s", "key": key}})])
        for key in ("url", ".env", "tls.crt", "A_b-C.1")
    },
    "32 types": processes({f"t{number}": WORKER for number in range(32)}),
    "the longest names": formation("s" * 42),
    "a type's change to a shared sidecar": {
        **a_formation(
            podTemplate=containers(SIDECAR),
            processes={"web": {**WEB, "podTemplate": containers({"name": "proxy", "tty": True})}},
        )
    },
    **{
        f"the quantity {value!r}": worker(resources=limits(cpu=value))
        for value in (0.5, "0.5", "500m", "1000m", 2, "2", "1e3", "1024Mi", ".5Gi", "1.", "100u")
    },
}


def test_apply_accepts_and_stores_as_written(refusing: Client) -> None:
    found = {
        sentence: tried(refusing, "formation", manifest)["spec"] for sentence, manifest in ACCEPTED.items()
    }
    assert found == {sentence: manifest["spec"] for sentence, manifest in ACCEPTED.items()}


def test_kubectl_stores_every_field_as_written(kubectl: Client) -> None:
    for each in ((), ("--server-side", "--force-conflicts")):
        kubectl.apply(EVERYTHING, *each)
        assert kubectl.get("formation", "shop")["spec"] == EVERYTHING["spec"]
