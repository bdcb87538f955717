"""What the API server refuses, and what a user then reads.

Everything that the schema can see is refused at ``kubectl apply``, where the mistake was made.
Each message names the field and the key; where the way out isn't plain, it names that too.
"""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.contract.manifests import (
    MIGRATE,
    REPORT,
    SIDECAR,
    WEB,
    WORKER,
    check_refused,
    containers,
    formation,
    limits,
    processes,
    refusal,
    release,
    scheduled,
    variable,
    without,
    worker,
)
from tests.live.client import Client
from tests.shared.builders import IMAGE, Manifest, text

WORD = "x" * 131_071
"""As long as Linux takes one."""
SHAPE: dict[str, Manifest] = {
    "an unknown field": formation(imagee="x"),
    "a misspelt field of a type": worker(replica=2),
    "a misspelt field of a probe": worker(livenessProbe={"htpGet": {}}),
    "resources.limit": worker(resources={"limit": {"cpu": "1"}}),
    "a misspelt field of podTemplate": worker(podTemplate={"spec": {"tolerationz": []}}),
    "no spec": without(formation(), "spec"),
    "a list of processes": processes([{"name": "web"}]),
    "a command in one string": worker(command="celery worker"),
    "a number among the arguments": worker(args=["--port", 80]),
    "a count as text": worker(replicas="2"),
    "a fractional count": worker(replicas=1.5),
    "a port as text": worker(port="8080"),
    "a switch as text": formation(suspend="yes"),
    "a number as a variable's value": worker(env=[variable(value=5)]),
    "a boolean as memory": worker(resources=limits(memory=True)),
    "a type that is a string": processes({"web": "gunicorn"}),
}
NAMES: dict[str, Manifest] = {
    "no process types": processes({}),
    "processes missing": without(formation(), "spec", "processes"),
    "upper case in a type's name": worker("Worker"),
    "an underscore in a type's name": worker("mail_out"),
    "a type's name that ends in a hyphen": worker("mail-"),
    "a dot in a type's name": worker("mail.out"),
    "an empty type's name": worker(""),
    "a line break in a type's name": worker("a\nb"),
    "the name of another type's canary": processes({"web": WEB, "web-canary": WORKER}, canary={"seconds": 5}),
    "the reserved type release": worker("release"),
    "the reserved type run": worker("run"),
    "a Formation's name with a dot": formation("shop.eu"),
    "a Formation's name that begins with a digit": formation("1shop"),
    "names too long together": formation("s" * 43),
    "33 types": processes({f"t{n}": WORKER for n in range(33)}),
}
ALIKE = (
    processes({"web": {}, "worker": {"port": 80}}),
    processes({"web": {"args": []}, "worker": {}, "clock": WORKER}),
    processes({"web": {"image": IMAGE}, "worker": {}}),
    without(processes({"a": {"image": "i"}, "b": {"image": "i"}}), "spec", "image"),
)
"""In each, two types run one image as it is."""
COMMANDS: dict[str, Manifest] = {
    "an empty command": worker(command=[]),
    "an empty program": worker(command=["", "worker"]),
    **{
        f"a word in {field} that Linux doesn't take": worker(**{field: ["x", WORD + "x"]})
        for field in ("command", "args")
    },
    "such a word in a sidecar's command": worker(
        podTemplate=containers({**SIDECAR, "command": [WORD + "x"]})
    ),
    "no image at all": without(formation(), "spec", "image"),
    "an empty image": formation(image=""),
    "an image longer than any can be": formation(image="x" * 1025),
    "a space in an image": worker(image="shop: v1"),
    "a line break in an image": formation(image="shop:v1\n"),
}
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
AUTOSCALING: dict[str, Manifest] = {
    sentence: worker(**{"autoscaling": {"maxReplicas": 4, **fields}, **others})
    for sentence, fields, others in (
        ("no maxReplicas", {"maxReplicas": None}, {}),
        ("none at most", {"maxReplicas": 0}, {}),
        ("fewer at most than at least", {"minReplicas": 5}, {}),
        ("an autoscaler of a singleton", {}, {"singleton": True}),
        ("none at least, by the CPU", {"minReplicas": 0}, {}),
        ("a metric that lacks what its type names", {"metrics": [{"type": "External", "resource": CPU}]}, {}),
        ("a metric of no type that there is", {"metrics": [{"type": "Memory"}]}, {}),
        (
            "a target that lacks what its type names",
            {"metrics": [{"type": "Resource", "resource": {**CPU, "target": {"type": "Utilization"}}}]},
            {},
        ),
        (
            "a misspelt field of a metric",
            {"metrics": [{"type": "Resource", "resource": {**CPU, "nme": 1}}]},
            {},
        ),
        (
            "a policy without a period",
            {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1}]}}},
            {},
        ),
        ("17 metrics", {"metrics": [{"type": "Resource", "resource": CPU}] * 17}, {}),
    )
}
COUNTS: dict[str, Manifest] = {
    "a negative count": worker(replicas=-1),
    "a count beyond int32": worker(replicas=2**31),
    "a count beyond int64": worker(replicas=2**70),
    "two of a singleton": worker(singleton=True, replicas=2),
    "rollingUpdate of a singleton": worker(singleton=True, rollingUpdate={"maxSurge": 1}),
    "a rollout without time": worker(progressDeadlineSeconds=0),
    "a negative time to be ready": worker(minReadySeconds=-1),
    **{
        sentence: worker(**fields)
        for sentence, fields in (
            ("a process that has to be ready for longer than a rollout may take", {"minReadySeconds": 600}),
            ("as long as a rollout may take", {"minReadySeconds": 60, "progressDeadlineSeconds": 60}),
            ("a rollout in less time than a process has to be ready", {"progressDeadlineSeconds": 5}),
        )
    },
    "disruptionBudget of a singleton": worker(singleton=True, disruptionBudget={}),
    "a budget that lets no node be drained": worker(disruptionBudget={"maxUnavailable": 0}),
    "the same in per cent": worker(disruptionBudget={"maxUnavailable": "0%"}),
    "minAvailable, which blocks drains for ever": worker(disruptionBudget={"minAvailable": 1}),
    "a rollout that can't move": worker(rollingUpdate={"maxSurge": 0, "maxUnavailable": "0%"}),
    "maxSurge that isn't a percentage": worker(rollingUpdate={"maxSurge": "a lot"}),
    "a negative maxSurge": worker(rollingUpdate={"maxSurge": -1}),
    "maxUnavailable above 100%": worker(rollingUpdate={"maxUnavailable": "101%"}),
    "port 0": worker(port=0),
    "port 65536": worker(port=65536),
    "a Service without a port": worker(service=True),
    "a negative grace period": worker(terminationGracePeriodSeconds=-1),
}
VALUES: dict[str, Manifest] = {
    "5GBx as memory": worker(resources=limits(memory="5GBx")),
    "negative memory": worker(resources=limits(memory="-1Gi")),
    "an empty quantity": worker(resources=limits(cpu="")),
    "a map as a quantity": worker(resources=limits(cpu={"a": 1})),
    "a variable twice": worker(env=[variable(value="1"), variable(value="2")]),
    "a variable without a name": worker(env=[{"value": "1"}]),
    "a variable with an empty name": worker(env=[{"name": ""}]),
    "a variable with = in its name": worker(env=[{"name": "A=B"}]),
    "a value and valueFrom": worker(
        env=[variable(value="1", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}})]
    ),
    "valueFrom nothing": formation(env=[variable(valueFrom={})]),
    "a Secret without a name": worker(env=[variable(valueFrom={"secretKeyRef": {"key": "k"}})]),
    **{
        f"the key {key!r} of a {kind}": worker(
            env=[variable(valueFrom={f"{kind}KeyRef": {"name": "s", "key": key}})]
        )
        for kind, key in (("secret", ""), ("configMap", ""), ("secret", "my key"))
    },
    "envFrom nothing": worker(envFrom=[{"prefix": "A"}]),
    "a probe that asks nothing": worker(livenessProbe={"periodSeconds": 5}),
    "a probe that asks twice": worker(
        readinessProbe={"exec": {"command": ["true"]}, "tcpSocket": {"port": 1}}
    ),
    "a probe's port in quotes": worker(livenessProbe={"tcpSocket": {"port": "8080"}}),
    **{
        f"a probe of the port {name!r}": worker(readinessProbe={"httpGet": {"port": name}})
        for name in ("Http", "my_port", "a--b", "-a", "")
    },
    "a probe without a command": worker(startupProbe={"exec": {}}),
    "a probe with an empty command": worker(startupProbe={"exec": {"command": []}}),
    "a readiness probe that ends processes": worker(
        readinessProbe={"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 5}
    ),
    "a probe that leaves no time to end": worker(
        livenessProbe={"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 0}
    ),
    "unknown securityDefaults": formation(securityDefaults="strict"),
    "a label of ours": formation(labels={"formations.dev/team": "a"}),
    "an annotation of ours": formation(annotations={"formations.dev/count": "1"}),
    "an annotation of the Deployment controller": formation(
        annotations={"deployment.kubernetes.io/revision": "1"}
    ),
    "a label's value with a space": formation(labels={"team": "a b"}),
    "a label's key with a space": formation(labels={"my team": "a"}),
}
RELEASES: dict[str, Manifest] = {
    "a release with nothing to run": release(command=None),
    "a release with empty args": release(command=None, args=[]),
    "a release without the app's image": without(
        processes({"web": {**WEB, "image": IMAGE}}, release=MIGRATE), "spec", "image"
    ),
    **{
        f"one of {kind} that is named like that of the release": formation(
            release=MIGRATE, podTemplate=containers({**SIDECAR, "name": "release"}, kind=kind)
        )
        for kind in ("containers", "initContainers")
    },
    "an unknown field of a release": release(podTemplate={}),
    "a release that may take no time": release(activeDeadlineSeconds=0),
    "a negative number of tries": release(backoffLimit=-1),
    "no name of an account": release(serviceAccountName="The_One"),
}
SCHEDULES: dict[str, Manifest] = {
    **{
        f"no schedule: {each!r}": scheduled(schedule=each)
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
    },
    "a schedule without a time": scheduled(schedule=None),
    "no time zone": scheduled(timeZone="Europe / Berlin"),
    "a schedule with nothing to run": scheduled(command=None),
    "a schedule with empty args": scheduled(command=None, args=[]),
    "another concurrency policy": scheduled(concurrencyPolicy="Never"),
    "a run that may never be late": scheduled(startingDeadlineSeconds=0),
    "a podTemplate of a schedule": scheduled(podTemplate={}),
    "the name of a type": scheduled("web"),
    "the name of a canary": formation(canary={"seconds": 5}, schedules={"web-canary": REPORT}),
    **{f"the reserved schedule {each}": scheduled(each) for each in ("run", "release")},
    "a schedule in capitals": scheduled("Nightly"),
    "a schedule whose CronJob's name is too long": scheduled("n" * 48),
    "more than 32 schedules": formation(schedules={f"s{each}": REPORT for each in range(33)}),
    "a schedule without an image": without(
        processes({"web": {**WEB, "image": IMAGE}}, schedules={"nightly": REPORT}), "spec", "image"
    ),
}
TABLES = {
    "shapes": SHAPE,
    "names": NAMES,
    "commands": COMMANDS,
    "counts": COUNTS,
    "autoscaling": AUTOSCALING,
    "values": VALUES,
    "releases": RELEASES,
    "schedules": SCHEDULES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_apply_is_refused_for_wrong(
    refusing: Client, table: dict[str, Manifest], snapshot: SnapshotAssertion
) -> None:
    check_refused(refusing, table, snapshot)


@pytest.mark.parametrize("manifest", ALIKE)
def test_types_that_run_one_image_as_it_is_are_refused_and_either_is_named(
    refusing: Client, manifest: Manifest
) -> None:
    (cause,) = refusal(refusing, manifest)
    named = cause.removeprefix("spec.processes: Required value: '").partition("'")[0]
    assert named in manifest["spec"]["processes"]
    assert "both leave out command and args" in cause
    assert f"set spec.processes.{named}.command (in place of the image's ENTRYPOINT)" in cause


def test_kubectl_shows_all_of_it(refusing: Client) -> None:
    for manifest in (SHAPE["an unknown field"], COUNTS["two of a singleton"]):
        done = refusing("apply", "-f", "-", input=text(manifest), check=False)
        (cause,) = refusal(refusing, manifest)
        assert cause.rpartition(": ")[2] in done.stderr


def test_an_unknown_field_is_refused_by_server_side_apply_too(kubectl: Client) -> None:
    done = kubectl(
        "apply", "--server-side", "-f", "-", input=text(worker(resources={"limit": {}})), check=False
    )
    assert "spec.processes.worker.resources.limit: field not declared in schema" in done.stderr


def test_an_unknown_field_is_never_stored_even_if_a_client_asks_for_no_validation(kubectl: Client) -> None:
    kubectl("apply", "--validate=false", "-f", "-", input=text(worker(replica=2)))
    assert kubectl.get("formation", "shop")["spec"]["processes"] == {"worker": WORKER}


def test_a_type_without_content_is_refused_by_server_side_apply(kubectl: Client) -> None:
    manifest = processes({"web": WEB, "worker": None})
    done = kubectl("apply", "--server-side", "-f", "-", input=text(manifest), check=False)
    assert "spec.processes.worker in body must be of type object" in done.stderr


def test_a_wrong_count_is_refused_on_every_way_in(kubectl: Client) -> None:
    kubectl.apply(worker("web", singleton=True, replicas=1))
    negative = '{"spec":{"processes":{"web":{"replicas":-1}}}}'
    scaled = kubectl("scale", "formation/shop", "--replicas=2", check=False)
    patched = kubectl("patch", "formation/shop", "--type=merge", "-p", negative, check=False)
    assert "singleton" in scaled.stderr
    assert "greater than or equal to 0" in patched.stderr
    assert kubectl.get("formation", "shop")["spec"]["processes"]["web"]["replicas"] == 1
