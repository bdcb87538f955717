"""What the API server refuses, and what a user then reads.

Everything that the schema can see is refused at ``kubectl apply``, where the mistake was made.
Each message names the field and the key; where the way out isn't plain, it names that too.
"""

import re
from typing import Any

import pytest

from tests.builders import Manifest, a_formation, a_process, text
from tests.client import Client

WEB = a_process("gunicorn", "shop.wsgi", port=8080)
WORKER = a_process()
SIDECAR: Manifest = {"name": "proxy", "image": "proxy:1"}


def formation(name: str = "shop", **spec: Any) -> Manifest:
    """Return a Formation with a web process, accepted but for what the caller adds."""
    return a_formation(name, processes={"web": WEB}, **spec)


def worker(name: str = "worker", /, **fields: Any) -> Manifest:
    """Return a Formation with one process type of these fields."""
    return a_formation(processes={name: {**WORKER, **fields}})


def processes(value: Any) -> Manifest:
    """Return a Formation with exactly these process types."""
    accepted = formation()
    return {**accepted, "spec": {**accepted["spec"], "processes": value}}


def without(manifest: Manifest, *path: str) -> Manifest:
    """Return a manifest without the field at the path."""
    step, *rest = path
    if not rest:
        return {key: value for key, value in manifest.items() if key != step}
    return {**manifest, step: without(manifest[step], *rest)}


def containers(*items: Manifest, kind: str = "containers") -> Manifest:
    """Return a podTemplate with these containers."""
    return {"spec": {kind: list(items)}}


def own(**fields: Any) -> Manifest:
    """Return a podTemplate that sets fields of the process's own container."""
    return containers({"name": "process", **fields})


def variable(**fields: Any) -> Manifest:
    """Return an environment variable."""
    return {"name": "A", **fields}


def limits(**quantities: Any) -> Manifest:
    """Return resources with these limits."""
    return {"limits": quantities}


def refused(sentence: str, manifest: Manifest, *fragments: str) -> Any:
    """Return one row: what is wrong, the manifest, and what its message must contain."""
    return pytest.param(manifest, fragments, id=sentence)


P = "spec.processes"
W = f"{P}.worker"

SHAPE = [
    refused("an unknown field", formation(imagee="x"), 'unknown field "spec.imagee"'),
    refused("a misspelt field of a type", worker(replica=2), f'unknown field "{W}.replica"'),
    refused("a misspelt field of a probe", worker(livenessProbe={"htpGet": {}}), f"{W}.livenessProbe.htpGet"),
    refused("resources.limit", worker(resources={"limit": {"cpu": "1"}}), f"{W}.resources.limit"),
    refused(
        "a misspelt field of podTemplate", worker(podTemplate={"spec": {"tolerationz": []}}), "tolerationz"
    ),
    refused("no spec", without(formation(), "spec"), "spec: Required value"),
    refused("a list of processes", processes([{"name": "web"}]), P),
    refused("a command in one string", worker(command="celery worker"), f"{W}.command", "array"),
    refused("a number among the arguments", worker(args=["--port", 80]), f"{W}.args[1]", "string"),
    refused("a count as text", worker(replicas="2"), f"{W}.replicas", "integer"),
    refused("a fractional count", worker(replicas=1.5), f"{W}.replicas", "integer"),
    refused("a port as text", worker(port="8080"), f"{W}.port", "integer"),
    refused("a switch as text", formation(suspend="yes"), "spec.suspend", "boolean"),
    refused("a number as a variable's value", worker(env=[variable(value=5)]), f"{W}.env[0].value", "string"),
    refused("a boolean as memory", worker(resources=limits(memory=True)), f"{W}.resources.limits.memory"),
    refused("a type that is a string", processes({"web": "gunicorn"}), f"{P}.web", "object"),
]
NAMES = [
    refused("no process types", processes({}), P, "at least 1"),
    refused("processes missing", without(formation(), "spec", "processes"), f"{P}: Required value"),
    refused(
        "upper case in a type's name", worker("Worker"), P, "'Worker' can't be the name of a process type"
    ),
    refused("an underscore in a type's name", worker("mail_out"), P, "'mail_out' can't", "'-'"),
    refused("a type's name that ends in a hyphen", worker("mail-"), P, "'mail-' can't"),
    refused("a dot in a type's name", worker("mail.out"), P, "'mail.out' can't"),
    refused("an empty type's name", worker(""), P, "'' can't be the name of a process type"),
    refused("a line break in a type's name", worker("a\nb"), P, "'...' can't be the name of a process type"),
    refused("the reserved type release", worker("release"), P, "release", "reserved"),
    refused("the reserved type run", worker("run"), P, "run", "reserved"),
    refused("a Formation's name with a dot", formation("shop.eu"), "'shop.eu' can't name a Service"),
    refused(
        "a Formation's name that begins with a digit", formation("1shop"), "'1shop' can't name a Service"
    ),
    refused("names too long together", formation("s" * 43), f"{'s' * 43}-web has more than 46", "shorten"),
    refused("33 types", processes({f"t{n}": WORKER for n in range(33)}), P, "at most 32"),
]
COMMANDS = [
    refused("neither command nor args", processes({"worker": {}}), f"{W}.command", "command", "args"),
    refused("no command and empty args", processes({"worker": {"args": []}}), f"{W}.command", "args"),
    refused("an empty command", worker(command=[]), f"{W}.command", "at least 1"),
    refused("an empty program", worker(command=["", "worker"]), f"{W}.command", "empty"),
    refused(
        "no image at all", without(formation(), "spec", "image"), "spec.image", "spec.processes.web.image"
    ),
    refused("an empty image", formation(image=""), "spec.image"),
    refused("a space in an image", worker(image="shop: v1"), f"{W}.image"),
    refused("a line break in an image", formation(image="shop:v1\n"), "spec.image"),
]
COUNTS = [
    refused("a negative count", worker(replicas=-1), f"{W}.replicas", "greater than or equal to 0"),
    refused("a count beyond int32", worker(replicas=2**31), f"{W}.replicas", "2147483647"),
    refused("a count beyond int64", worker(replicas=2**70), f"{W}.replicas"),
    refused("two of a singleton", worker(singleton=True, replicas=2), f"{W}.replicas", "singleton"),
    refused(
        "rollingUpdate of a singleton",
        worker(singleton=True, rollingUpdate={"maxSurge": 1}),
        f"{W}.rollingUpdate",
        "singleton",
    ),
    refused(
        "a rollout that can't move",
        worker(rollingUpdate={"maxSurge": 0, "maxUnavailable": "0%"}),
        f"{W}.rollingUpdate",
        "maxSurge and maxUnavailable",
    ),
    refused(
        "maxSurge that isn't a percentage",
        worker(rollingUpdate={"maxSurge": "a lot"}),
        f"{W}.rollingUpdate.maxSurge",
    ),
    refused("a negative maxSurge", worker(rollingUpdate={"maxSurge": -1}), f"{W}.rollingUpdate.maxSurge"),
    refused(
        "maxUnavailable above 100%",
        worker(rollingUpdate={"maxUnavailable": "101%"}),
        f"{W}.rollingUpdate.maxUnavailable",
    ),
    refused("port 0", worker(port=0), f"{W}.port", "1"),
    refused("port 65536", worker(port=65536), f"{W}.port", "65535"),
    refused("a Service without a port", worker(service=True), f"{W}.port", "Service"),
    refused(
        "a negative grace period",
        worker(terminationGracePeriodSeconds=-1),
        f"{W}.terminationGracePeriodSeconds",
    ),
]
VALUES = [
    refused(
        "5GBx as memory",
        worker(resources=limits(memory="5GBx")),
        f"{W}.resources.limits.memory",
        "5GBx",
        "Mi|G|Gi",
    ),
    refused(
        "negative memory", worker(resources=limits(memory="-1Gi")), f"{W}.resources.limits.memory", "-1Gi"
    ),
    refused("an empty quantity", worker(resources=limits(cpu="")), f"{W}.resources.limits.cpu"),
    refused("a map as a quantity", worker(resources=limits(cpu={"a": 1})), f"{W}.resources.limits.cpu"),
    refused(
        "a variable twice",
        worker(env=[variable(value="1"), variable(value="2")]),
        f"{W}.env[1]",
        "Duplicate",
        '"A"',
    ),
    refused(
        "a shared variable twice",
        formation(env=[variable(value="1"), variable()]),
        "spec.env[1]",
        "Duplicate",
    ),
    refused("a variable without a name", worker(env=[{"value": "1"}]), f"{W}.env[0].name", "Required"),
    refused("a variable with an empty name", worker(env=[{"name": ""}]), f"{W}.env[0].name"),
    refused("a variable with = in its name", worker(env=[{"name": "A=B"}]), f"{W}.env[0].name", "A=B"),
    refused(
        "a value and valueFrom",
        worker(env=[variable(value="1", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}})]),
        f"{W}.env[0]",
        "'A' has both value and valueFrom",
    ),
    refused(
        "valueFrom nothing", formation(env=[variable(valueFrom={})]), "spec.env[0].valueFrom", "exactly one"
    ),
    refused(
        "a Secret without a name",
        worker(env=[variable(valueFrom={"secretKeyRef": {"key": "k"}})]),
        f"{W}.env[0].valueFrom.secretKeyRef.name",
        "Required",
    ),
    refused(
        "envFrom nothing", worker(envFrom=[{"prefix": "A"}]), f"{W}.envFrom[0]", "configMapRef and secretRef"
    ),
    refused(
        "a probe that asks nothing",
        worker(livenessProbe={"periodSeconds": 5}),
        f"{W}.livenessProbe",
        "exactly one",
    ),
    refused(
        "a probe that asks twice",
        worker(readinessProbe={"exec": {"command": ["true"]}, "tcpSocket": {"port": 1}}),
        f"{W}.readinessProbe",
        "exactly one",
    ),
    refused(
        "a probe's port in quotes",
        worker(livenessProbe={"tcpSocket": {"port": "8080"}}),
        f"{W}.livenessProbe.tcpSocket.port",
        "number",
    ),
    refused(
        "unknown securityDefaults",
        formation(securityDefaults="strict"),
        "spec.securityDefaults",
        '"restricted", "none"',
    ),
    refused(
        "a type's unknown securityDefaults", worker(securityDefaults="off"), f"{W}.securityDefaults", '"none"'
    ),
    refused(
        "a label of ours",
        formation(labels={"formations.dev/team": "a"}),
        "spec.labels",
        "formations.dev/team",
    ),
    refused(
        "an annotation of ours",
        formation(annotations={"formations.dev/count": "1"}),
        "spec.annotations",
        "formations.dev/count",
    ),
    refused(
        "an annotation of the Deployment controller",
        formation(annotations={"deployment.kubernetes.io/revision": "1"}),
        "spec.annotations",
        "deployment.kubernetes.io/revision",
    ),
    refused("a label's value with a space", formation(labels={"team": "a b"}), "spec.labels.team", "a b"),
    refused("a label's key with a space", formation(labels={"my team": "a"}), "spec.labels", "my team"),
]
POD_TEMPLATES = [
    refused(
        f"the process's own {field}",
        worker(podTemplate=own(**{field: value})),
        f"{W}.podTemplate.spec.containers[0].{field}",
        f"spec.processes.<type>.{field}",
    )
    for field, value in (("image", "shop:v2"), ("command", ["a"]), ("args", ["a"]))
] + [
    refused(
        "the shared podTemplate with the process's own image",
        formation(podTemplate=own(image="shop:v2")),
        "spec.podTemplate.spec.containers[0].image",
    ),
    refused(
        "a port named http",
        worker(podTemplate=own(ports=[{"name": "http", "containerPort": 80}])),
        f"{W}.podTemplate.spec.containers[0].ports",
        "spec.processes.<type>.port",
    ),
    refused(
        "the type's port once more",
        worker(port=8080, podTemplate=own(ports=[{"containerPort": 8080}])),
        f"{W}.podTemplate.spec.containers",
        "port",
    ),
    refused(
        "a type's port in the shared podTemplate",
        formation(podTemplate=own(ports=[{"name": "web", "containerPort": 8080}])),
        "spec.podTemplate.spec.containers",
        "port",
    ),
    refused(
        "a label of ours in podTemplate",
        worker(podTemplate={"metadata": {"labels": {"formations.dev/formation": "x"}}}),
        f"{W}.podTemplate.metadata.labels",
        "formations.dev/formation",
    ),
    refused(
        "a container named like its type",
        worker(podTemplate=containers({"name": "worker", "image": "x"})),
        P,
        "'worker': a container in its podTemplate is named like the process type",
        "call it process",
    ),
    refused(
        "a shared container named like a type",
        formation(podTemplate=containers({"name": "web", "image": "x"})),
        "spec.podTemplate.spec.containers",
        "a container is named 'web', like the process type",
        "call it process",
    ),
    refused(
        "an init container named like its type",
        worker(podTemplate=containers({"name": "worker", "image": "x"}, kind="initContainers")),
        P,
        "'worker': a container in its podTemplate",
    ),
    refused(
        "an init container named process",
        worker(podTemplate=containers({"name": "process", "image": "x"}, kind="initContainers")),
        f"{W}.podTemplate.spec.initContainers[0].name",
    ),
    refused(
        "a sidecar without an image",
        worker(podTemplate=containers({"name": "app"})),
        "'worker': a container in its podTemplate has no image",
        "process",
    ),
    refused(
        "a shared sidecar without an image",
        formation(podTemplate=containers({"name": "app"})),
        "spec.podTemplate.spec.containers[0].image",
        "'app' has no image",
    ),
    refused(
        "a sidecar twice",
        worker(podTemplate=containers(SIDECAR, SIDECAR)),
        "containers[1]",
        "Duplicate",
        "proxy",
    ),
    refused(
        "a Pod that never restarts",
        worker(podTemplate={"spec": {"restartPolicy": "Never"}}),
        "restartPolicy",
        '"Always"',
    ),
    refused(
        "an ephemeral container",
        worker(podTemplate={"spec": {"ephemeralContainers": []}}),
        "ephemeralContainers",
    ),
    refused(
        "a quantity in podTemplate",
        worker(podTemplate=own(resources=limits(memory="5GBx"))),
        "containers[0].resources.limits.memory",
        "5GBx",
    ),
    refused(
        "a pull secret without a name",
        formation(podTemplate={"spec": {"imagePullSecrets": [{}]}}),
        "imagePullSecrets[0].name",
        "Required",
    ),
]
REFUSED = [*SHAPE, *NAMES, *COMMANDS, *COUNTS, *VALUES, *POD_TEMPLATES]


@pytest.mark.parametrize(("manifest", "fragments"), REFUSED)
def test_apply_is_refused_for(kubectl: Client, manifest: Manifest, fragments: tuple[str, ...]) -> None:
    done = kubectl("apply", "-f", "-", input=text(manifest), check=False)
    assert done.returncode != 0, "accepted"
    message = re.sub(r"processes\[([^]]+)\]", r"processes.\1", done.stderr)  # as CEL's messages spell it
    missing = [fragment for fragment in fragments if fragment not in message]
    assert not missing, message


def test_an_unknown_field_is_refused_by_server_side_apply_too(kubectl: Client) -> None:
    done = kubectl(
        "apply", "--server-side", "-f", "-", input=text(worker(resources={"limit": {}})), check=False
    )
    assert f"{W}.resources.limit: field not declared in schema" in done.stderr


def test_an_unknown_field_is_never_stored_even_if_a_client_asks_for_no_validation(kubectl: Client) -> None:
    kubectl("apply", "--validate=false", "-f", "-", input=text(worker(replica=2)))
    assert kubectl.get("formation", "shop")["spec"]["processes"] == {"worker": WORKER}


def test_a_type_without_content_is_refused_by_server_side_apply(kubectl: Client) -> None:
    manifest = processes({"web": WEB, "worker": None})
    done = kubectl("apply", "--server-side", "-f", "-", input=text(manifest), check=False)
    assert f"{W} in body must be of type object" in done.stderr


@pytest.mark.parametrize(
    ("command", "fragments"),
    [
        pytest.param(["scale", "formation/shop", "--replicas=2"], ("singleton",), id="scale"),
        pytest.param(
            [
                "patch",
                "formation/shop",
                "--type=merge",
                "-p",
                '{"spec":{"processes":{"web":{"replicas":-1}}}}',
            ],
            ("replicas", "greater than or equal to 0"),
            id="patch",
        ),
    ],
)
def test_a_wrong_count_is_refused_on_every_way_in(
    kubectl: Client, command: list[str], fragments: tuple[str, ...]
) -> None:
    kubectl.apply(worker("web", singleton=True, replicas=1))
    done = kubectl(*command, check=False)
    assert done.returncode != 0
    assert all(fragment in done.stderr for fragment in fragments), done.stderr
    assert kubectl.get("formation", "shop")["spec"]["processes"]["web"]["replicas"] == 1


def accepted(sentence: str, manifest: Manifest) -> Any:
    """Return one row: what is fine, and the manifest."""
    return pytest.param(manifest, id=sentence)


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
    rollingUpdate={"maxSurge": "25%", "maxUnavailable": 0},
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
ACCEPTED = [
    accepted("an app with web, worker and clock", TWELVE_FACTOR),
    accepted("every field of a type", EVERYTHING),
    accepted(
        "everything shared", formation(labels={"team": "shop"}, annotations={"note": "a b"}, suspend=True)
    ),
    accepted("args alone", processes({"worker": {"args": ["worker"]}})),
    accepted("an image for each type", without(worker(image="shop:v2"), "spec", "image")),
    accepted("empty lists and values", worker(args=[], env=[], envFrom=[], resources={}, podTemplate={})),
    accepted("an empty argument", worker(command=["worker", ""])),
    accepted("a singleton without a count", worker(singleton=True)),
    accepted("a suspended singleton", worker(singleton=True, replicas=0)),
    accepted("no surge and the default for the other", worker(rollingUpdate={"maxSurge": 0})),
    accepted("a type's name that begins with a digit", worker("2nd")),
    accepted("a type named process", worker("process", podTemplate=own(tty=True))),
    accepted("32 types", processes({f"t{number}": WORKER for number in range(32)})),
    accepted("the longest names", formation("s" * 42)),
    accepted(
        "a type's change to a shared sidecar",
        {
            **a_formation(
                podTemplate=containers(SIDECAR),
                processes={"web": {**WEB, "podTemplate": containers({"name": "proxy", "tty": True})}},
            )
        },
    ),
    *(
        accepted(f"the quantity {value!r}", worker(resources=limits(cpu=value)))
        for value in (0.5, "0.5", "500m", "1000m", 2, "2", "1e3", "1024Mi", ".5Gi", "1.", "100u")
    ),
]


@pytest.mark.parametrize("manifest", ACCEPTED)
def test_apply_accepts_and_stores_as_written(kubectl: Client, manifest: Manifest) -> None:
    kubectl.apply(manifest)
    assert kubectl.get("formation", manifest["metadata"]["name"])["spec"] == manifest["spec"]
