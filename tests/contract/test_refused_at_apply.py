"""What the API server refuses, and what a user then reads.

Everything that the schema can see is refused at ``kubectl apply``, where the mistake was made.
Each message names the field and the key; where the way out isn't plain, it names that too.
"""

from typing import Any

import pytest

from tests.builders import IMAGE, Manifest, text
from tests.client import Client
from tests.contract.manifests import (
    MIGRATE,
    REPORT,
    SIDECAR,
    WEB,
    WORKER,
    P,
    W,
    check_message,
    check_refused,
    containers,
    formation,
    limits,
    processes,
    refused,
    release,
    scheduled,
    variable,
    without,
    worker,
)

WORD = "x" * 131_071
"""As long as Linux takes one."""
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
    refused("the reserved type release", worker("release"), P, "'release'", "reserved", "set spec.release"),
    refused("the reserved type run", worker("run"), P, "'run'", "reserved", "as a Job"),
    refused("a Formation's name with a dot", formation("shop.eu"), "'shop.eu' can't name a Service"),
    refused(
        "a Formation's name that begins with a digit", formation("1shop"), "'1shop' can't name a Service"
    ),
    refused("names too long together", formation("s" * 43), f"{'s' * 43}-web has more than 46", "shorten"),
    refused("33 types", processes({f"t{n}": WORKER for n in range(33)}), P, "at most 32"),
]
ALIKE = ("both leave out command and args", f"set {P}.", ".command (in place of", ".args (in place of")
COMMANDS = [
    *(
        refused(f"two types that run one image as it is: {sentence}", manifest, P, *ALIKE)
        for sentence, manifest in (
            ("that of all", processes({"web": {}, "worker": {"port": 80}})),
            ("with empty args", processes({"web": {"args": []}, "worker": {}, "clock": WORKER})),
            ("named by one", processes({"web": {"image": IMAGE}, "worker": {}})),
            ("their own", without(processes({"a": {"image": "i"}, "b": {"image": "i"}}), "spec", "image")),
        )
    ),
    refused("an empty command", worker(command=[]), f"{W}.command", "at least 1"),
    refused("an empty program", worker(command=["", "worker"]), f"{W}.command", "empty"),
    *(
        refused(
            f"a word in {field} that Linux doesn't take",
            worker(**{field: ["x", WORD + "x"]}),
            f"{W}.{field}[1]",
            "131071",
        )
        for field in ("command", "args")
    ),
    refused(
        "such a word in a sidecar's command",
        worker(podTemplate=containers({**SIDECAR, "command": [WORD + "x"]})),
        f"{W}.podTemplate.spec.containers[0].command[0]",
        "131071",
    ),
    refused(
        "no image at all", without(formation(), "spec", "image"), "spec.image", "spec.processes.web.image"
    ),
    refused("an empty image", formation(image=""), "spec.image"),
    refused("an image longer than any can be", formation(image="x" * 1025), "spec.image", "1024"),
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
    refused("a rollout without time", worker(progressDeadlineSeconds=0), f"{W}.progressDeadlineSeconds"),
    refused("a negative time to be ready", worker(minReadySeconds=-1), f"{W}.minReadySeconds"),
    *(
        refused(sentence, worker(**fields), f"{W}.progressDeadlineSeconds", "than minReadySeconds")
        for sentence, fields in (
            ("a process that has to be ready for longer than a rollout may take", {"minReadySeconds": 600}),
            ("as long as a rollout may take", {"minReadySeconds": 60, "progressDeadlineSeconds": 60}),
            ("a rollout in less time than a process has to be ready", {"progressDeadlineSeconds": 5}),
        )
    ),
    refused(
        "disruptionBudget of a singleton",
        worker(singleton=True, disruptionBudget={}),
        f"{W}.disruptionBudget",
        "singleton",
    ),
    refused(
        "a budget that lets no node be drained",
        worker(disruptionBudget={"maxUnavailable": 0}),
        f"{W}.disruptionBudget.maxUnavailable",
        "drained",
    ),
    refused(
        "the same in per cent",
        worker(disruptionBudget={"maxUnavailable": "0%"}),
        f"{W}.disruptionBudget.maxUnavailable",
        "drained",
    ),
    refused(
        "such a budget for all types",
        formation(disruptionBudget={"maxUnavailable": 0}),
        "spec.disruptionBudget.maxUnavailable",
        "drained",
    ),
    refused(
        "minAvailable, which blocks drains for ever",
        worker(disruptionBudget={"minAvailable": 1}),
        f"{W}.disruptionBudget.minAvailable",
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
    *(
        refused(
            f"the key {key!r} of a {kind}",
            worker(env=[variable(valueFrom={f"{kind}KeyRef": {"name": "s", "key": key}})]),
            f"{W}.env[0].valueFrom.{kind}KeyRef.key",
        )
        for kind, key in (("secret", ""), ("configMap", ""), ("secret", "my key"))
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
    *(
        refused(
            f"a probe of the port {name!r}",
            worker(readinessProbe={"httpGet": {"port": name}}),
            f"{W}.readinessProbe.httpGet.port",
            "the name of a container's port, such as http",
        )
        for name in ("Http", "my_port", "a--b", "-a", "")
    ),
    refused(
        "a probe without a command",
        worker(startupProbe={"exec": {}}),
        f"{W}.startupProbe.exec.command: Required",
    ),
    refused(
        "a probe with an empty command",
        worker(startupProbe={"exec": {"command": []}}),
        f"{W}.startupProbe.exec.command",
        "at least 1",
    ),
    refused(
        "a readiness probe that ends processes",
        worker(readinessProbe={"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 5}),
        f"{W}.readinessProbe.terminationGracePeriodSeconds",
        "only a livenessProbe and a startupProbe",
    ),
    refused(
        "a probe that leaves no time to end",
        worker(livenessProbe={"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 0}),
        f"{W}.livenessProbe.terminationGracePeriodSeconds",
        "greater than or equal to 1",
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
R = "spec.release"
RELEASES = [
    refused(
        "a release with nothing to run",
        release(command=None),
        f"{R}.command",
        "release.command",
        "release.args",
    ),
    refused(
        "a release with empty args",
        release(command=None, args=[]),
        f"{R}.command",
        "nothing says what to run",
    ),
    refused("a release with an empty command", release(command=[]), f"{R}.command", "at least 1"),
    refused(
        "a release with an empty program", release(command=["", "x"]), f"{R}.command", "the program", "empty"
    ),
    refused("a release's command in one string", release(command="migrate"), f"{R}.command", "array"),
    refused(
        "a word that Linux doesn't take in a release", release(args=[WORD + "x"]), f"{R}.args[0]", "131071"
    ),
    refused(
        "a release without the app's image",
        without(processes({"web": {**WEB, "image": IMAGE}}, release=MIGRATE), "spec", "image"),
        "spec.image",
        "set spec.image",
        "leave spec.release out",
    ),
    *(
        refused(
            f"one of {kind} that is named like that of the release",
            formation(release=MIGRATE, podTemplate=containers({**SIDECAR, "name": "release"}, kind=kind)),
            "spec.podTemplate.spec",
            "named 'release'",
            "give it another name",
        )
        for kind in ("containers", "initContainers")
    ),
    refused("an unknown field of a release", release(podTemplate={}), f'unknown field "{R}.podTemplate"'),
    refused(
        "a release that may take no time", release(activeDeadlineSeconds=0), f"{R}.activeDeadlineSeconds"
    ),
    refused("a negative number of tries", release(backoffLimit=-1), f"{R}.backoffLimit"),
    refused("no name of an account", release(serviceAccountName="The_One"), f"{R}.serviceAccountName"),
    refused("a release's variable twice", release(env=[variable(), variable()]), f"{R}.env[1]", "Duplicate"),
    refused(
        "a value and valueFrom in a release",
        release(env=[variable(value="1", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}})]),
        f"{R}.env[0]",
        "'A' has both value and valueFrom",
    ),
    refused(
        "valueFrom nothing in a release",
        release(env=[variable(valueFrom={})]),
        f"{R}.env[0].valueFrom",
        "exactly one",
    ),
    refused(
        "envFrom nothing in a release",
        release(envFrom=[{"prefix": "A"}]),
        f"{R}.envFrom[0]",
        "configMapRef and secretRef",
    ),
    refused("no memory of a release", release(resources=limits(memory="x")), f"{R}.resources.limits.memory"),
]
S = "spec.schedules"
N = f"{S}.nightly"
SCHEDULES = [
    *(
        refused(f"no schedule: {each!r}", scheduled(schedule=each), f"{N}.schedule")
        for each in (
            "",
            "daily",
            "@noon",
            "0 3 * *",
            "0 3 * * * *",
            "TZ=UTC 0 3 * * *",
            "@every 5",
            "0 3\t* * *",
        )
    ),
    refused("a schedule without a time", scheduled(schedule=None), f"{N}.schedule", "Required"),
    refused("no time zone", scheduled(timeZone="Europe / Berlin"), f"{N}.timeZone"),
    refused(
        "a schedule with nothing to run", scheduled(command=None), f"{N}.command", "nothing says what to run"
    ),
    refused("a schedule with empty args", scheduled(command=None, args=[]), f"{N}.command", "set command"),
    refused(
        "a schedule with an empty program", scheduled(command=[""]), f"{N}.command", "the program", "empty"
    ),
    refused("another concurrency policy", scheduled(concurrencyPolicy="Never"), f"{N}.concurrencyPolicy"),
    refused("a run that may take no time", scheduled(activeDeadlineSeconds=0), f"{N}.activeDeadlineSeconds"),
    refused(
        "a run that may never be late", scheduled(startingDeadlineSeconds=0), f"{N}.startingDeadlineSeconds"
    ),
    refused("a podTemplate of a schedule", scheduled(podTemplate={}), f'unknown field "{N}.podTemplate"'),
    refused(
        "a schedule's variable twice", scheduled(env=[variable(), variable()]), f"{N}.env[1]", "Duplicate"
    ),
    refused(
        "valueFrom nothing in a schedule", scheduled(env=[variable(valueFrom={})]), f"{N}.env[0].valueFrom"
    ),
    refused("the name of a type", scheduled("web"), S, "'web' is the name of a process type, too"),
    *(
        refused(f"the reserved schedule {each}", scheduled(each), S, f"'{each}'", "reserved")
        for each in ("run", "release")
    ),
    refused("a schedule in capitals", scheduled("Nightly"), S, "'Nightly' can't be the name of a schedule"),
    refused(
        "a schedule whose CronJob's name is too long",
        scheduled("n" * 48),
        S,
        f"shop-{'n' * 48} has more than 52 characters",
        "shorten",
    ),
    refused(
        "more than 32 schedules", formation(schedules={f"s{each}": REPORT for each in range(33)}), S, "32"
    ),
    refused(
        "a schedule without an image",
        without(processes({"web": {**WEB, "image": IMAGE}}, schedules={"nightly": REPORT}), "spec", "image"),
        "spec.image",
        "no image for schedule nightly",
    ),
]
REFUSED = [*SHAPE, *NAMES, *COMMANDS, *COUNTS, *VALUES, *RELEASES, *SCHEDULES]


@pytest.mark.parametrize(("manifest", "fragments"), REFUSED)
def test_apply_is_refused_for(refusing: Client, manifest: Manifest, fragments: tuple[str, ...]) -> None:
    check_refused(refusing, manifest, fragments)


@pytest.mark.parametrize(
    "table", [SHAPE, NAMES, COMMANDS, COUNTS, VALUES, RELEASES], ids=lambda table: table[0].id
)
def test_kubectl_shows_all_of_it(kubectl: Client, table: list[Any]) -> None:
    manifest, fragments = table[0].values
    done = kubectl("apply", "-f", "-", input=text(manifest), check=False)
    assert done.returncode != 0, "accepted"
    check_message(done.stderr, fragments)


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
