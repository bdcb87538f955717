"""A Formation of odd values, which the API server or a controller could give back as others."""

from tests.contract.quiet import HELD
from tests.shared.builders import a_formation, a_process

ODD_VALUES = a_formation(
    "odd",
    labels={"empty": ""},
    annotations={"note": ""},
    env=[{"name": "EMPTY", "value": ""}, {"name": "UNSET"}],
    envFrom=[],
    podTemplate=HELD,
    processes={
        "web": a_process(
            "/shop",
            "web",
            replicas=2,
            port=8080,
            args=[],
            resources={"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": "2.0"}},
            rollingUpdate={"maxSurge": "25%", "maxUnavailable": 1},
        ),
        "worker": a_process(
            replicas=0,
            minReadySeconds=0,
            resources={"limits": {"cpu": "0.5", "memory": "1e9"}, "requests": {}},
            podTemplate={
                "metadata": {"annotations": {}},
                "spec": {
                    "nodeSelector": {},
                    "tolerations": [],
                    "volumes": [{"name": "scratch", "emptyDir": {}}],
                    "containers": [
                        {"name": "process", "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
                    ],
                },
            },
        ),
    },
)
