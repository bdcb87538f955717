"""What the demo shows, on whichever cluster: install, apply, scale, and that the processes really run."""

import json
import shlex
import time

from formation_cli.views import trouble
from formation_operator.kube.objects import lenient
from hack.cluster import progress
from hack.demo.current_cluster import CurrentCluster
from hack.demo.diary import Diary
from hack.demo.own_cluster import OwnCluster
from hack.demo.stage import WrongError, eventually, require, shown

SAMPLE = {"web": 2, "worker": 2, "clock": 1}
"""The counts of both samples, which log the same lines."""
LOG_LINES = {"worker": "worker: job ", "clock": "clock: tick "}
WAIT = ("wait", "--for=condition=Ready", "formation/shop")
PATIENCE = 120.0
Place = CurrentCluster | OwnCluster


def tell(place: Place, diary: Diary) -> None:
    """Show everything, in order."""
    if place.installs:
        with diary.step("the CRD and the operator's rights are installed"):
            install(place)
    with diary.step(place.begins):
        place.start_operator()
    with diary.step("the sample is applied, and all of it runs"):
        apply_sample(place)
    with diary.step("two types are scaled, and nothing that runs is replaced"):
        scale(place)
    if place.runs_processes:
        with diary.step("web answers through its Service, and each type logs"):
            show_processes(place)
    else:
        progress.step("left out: log lines and web's HTTP answer, as no process runs on a simulated node")


def install(place: Place) -> None:
    """Install the CRD and the operator's rights: the operator has just those."""
    place.stage.show("apply", "-k", "crds/")
    place.stage.show("apply", "-k", "manifests/rbac/")
    crd = "crd/formations.formations.dev"
    # `kubectl wait` fails at a CRD whose conditions are still null.
    eventually(lambda: place.stage.ask("get", crd)["status"].get("conditions"), f"{crd} isn't looked at")
    place.stage.show("wait", "--for=condition=Established", crd)


def apply_sample(place: Place) -> None:
    """Apply an app with three process types and show what becomes of it."""
    namespace = place.stage.namespace
    if place.stage.ask("get", "namespace", namespace, "--ignore-not-found") is None:
        place.stage.show("create", "namespace", namespace)
    place.apply_sample()
    stage = place.stage.in_namespace()
    wait(place)
    stage.show("get", "formations,deployments,pods")
    require_counts(place, SAMPLE)


def scale(place: Place) -> None:
    """Scale one type as a Deployment is scaled, and another one by a patch; nothing is restarted."""
    stage = place.stage.in_namespace()
    before = pods(place)
    stage.show("scale", "formation/shop", "--replicas=3")
    wait(place)
    require_counts(place, {**SAMPLE, "web": 3})
    patch = {"spec": {"processes": {"worker": {"replicas": 4}}}}
    stage.show("patch", "formation/shop", "--type=merge", f"--patch={json.dumps(patch)}")
    wait(place)
    stage.show("get", "formations,deployments,pods")
    require_counts(place, {**SAMPLE, "web": 3, "worker": 4})
    require(before <= pods(place), "scaling has replaced a pod that ran")
    progress.step("scaled: every process that ran before runs on")


def wait(place: Place) -> None:
    """Wait until every process runs as declared, and no longer than that may come true."""
    stage = place.stage.in_namespace()
    progress.step(f"$ {shlex.join(['kubectl', *stage.options, *WAIT])}")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            shown(stage.run(*WAIT, "--timeout=2s"))
        except WrongError as error:
            formation = stage.ask("get", "formation/shop")
            known = lenient.mapping(formation, "status", "processes")
            types = {name: lenient.mapping(known, name) for name in formation["spec"]["processes"]}
            late = time.monotonic() > deadline and f"{error}\n{trouble.causes(trouble.open_ones(types))}"
            if cause := trouble.lasting(formation, types) or late:
                raise WrongError(cause) from None
        else:
            return


def show_processes(place: Place) -> None:
    """Ask web through its Service who answers, and look into the logs."""
    answer = json.loads(shown(place.ask_web()))
    require((answer["formation"], answer["processType"]) == ("shop", "web"), f"web answers {answer}")
    require_log(place, f"pod/{answer['processName']}", "web: listening on port ")
    for process_type, line in LOG_LINES.items():
        require_log(place, f"deployment/shop-{process_type}", line)


def require_log(place: Place, source: str, line: str) -> None:
    """Show the end of a log that has, or soon has, a certain line in it."""
    arguments = ("logs", source, "--tail=3")
    stage = place.stage.in_namespace()
    eventually(lambda: line in stage.run(*arguments), f"{source} logs no line {line!r}")
    stage.show(*arguments)


def pods(place: Place) -> set[str]:
    """Return the names of the pods that are there to stay."""
    stage = place.stage.in_namespace()
    items = stage.ask("get", "pods", "--selector=formations.dev/formation=shop")["items"]
    return {item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]}


def require_counts(place: Place, counts: dict[str, int]) -> None:
    """Require that every type has its count: in its Deployment, in its pods and in the summary."""
    stage = place.stage.in_namespace()
    deployments = stage.ask("get", "deployments", "--selector=formations.dev/formation=shop")["items"]
    found = {item["metadata"]["name"]: item["status"].get("readyReplicas", 0) for item in deployments}
    require(found == {f"shop-{name}": count for name, count in counts.items()}, f"the Deployments: {found}")
    require(len(pods(place)) == sum(counts.values()), f"the pods: {sorted(pods(place))}")
    summary = stage.ask("get", "formation/shop")["status"]["summary"]
    wanted = " ".join(f"{name}={count}/{count}" for name, count in sorted(counts.items()))
    require(summary == wanted, f"the summary says {summary}, not {wanted}")
