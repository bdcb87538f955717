"""What the operator renders is held by golden files: upgrading it restarts nobody's processes.

``pytest tests/unit/render/test_golden.py --update-golden`` writes them anew.  A pod template that differs
from the last release's needs "Rolls pods: yes" in the changelog, because every user's processes
will restart.
"""

import pathlib
import re
from typing import Any

import pytest
import yaml

from tests import builders, released
from tests.builders import a_formation, a_process
from tests.cluster import paths
from tests.unit.facts import intents, parsed

GOLDEN = pathlib.Path(__file__).with_name("golden")
RELEASED = (str(GOLDEN.relative_to(paths.ROOT)), "tests/unit/golden")
"""Where a release has its golden files: the first one in the second folder."""
PROBE = {"httpGet": {"path": "/healthz", "port": "http"}}

CASES = {
    "a-worker": a_formation(),
    "web-with-port": a_formation(processes={"web": a_process("/shop", "web", replicas=2, port=8080)}),
    "web-with-disruption-budget": a_formation(
        labels={"team": "shop"},
        disruptionBudget={"maxUnavailable": 2},
        processes={
            "web": a_process("/web", port=80, disruptionBudget={}),
            "worker": a_process(),
            "clock": a_process("/clock", singleton=True),
        },
    ),
    "web-without-service": a_formation(processes={"web": a_process("/web", port=8080, service=False)}),
    "web-with-own-probe-and-grace": a_formation(
        processes={
            "web": a_process(
                "/web",
                port=8080,
                readinessProbe=PROBE,
                livenessProbe=PROBE,
                startupProbe=PROBE,
                terminationGracePeriodSeconds=60,
                rollingUpdate={"maxSurge": 1, "maxUnavailable": 1},
            )
        }
    ),
    "web-that-may-not-surge": a_formation(
        processes={"web": a_process("/web", port=80, rollingUpdate={"maxSurge": 0})}
    ),
    "singleton-clock": a_formation(processes={"clock": a_process("/clock", singleton=True)}),
    "count-omitted": a_formation(processes={"worker": a_process()}),
    "suspended": a_formation(suspend=True, processes={"worker": a_process(replicas=4)}),
    "environment": a_formation(
        env=[{"name": "A", "value": "shared"}, {"name": "B", "value": "$(A)"}],
        envFrom=[{"configMapRef": {"name": "shared"}}],
        processes={
            "web": a_process(
                "/web",
                port=80,
                env=[{"name": "A", "value": "own"}, {"name": "PORT", "value": "81"}],
                envFrom=[{"secretRef": {"name": "own"}}],
            )
        },
    ),
    "labels-and-annotations": a_formation(
        labels={"team": "blue", "app.kubernetes.io/part-of": "mall"}, annotations={"owner": "me"}
    ),
    "security-defaults-none": a_formation(securityDefaults="none"),
    "security-defaults-of-one-type": a_formation(
        processes={"legacy": a_process(securityDefaults="none"), "worker": a_process()}
    ),
    "privileged-sidecar": a_formation(
        podTemplate={
            "spec": {
                "initContainers": [
                    {"name": "tune", "image": "tune", "securityContext": {"privileged": True}}
                ],
                "containers": [{"name": "mesh", "image": "mesh"}],
            }
        }
    ),
    "pod-templates": a_formation(
        podTemplate={
            "metadata": {"labels": {"team": "blue"}, "annotations": {"scrape": "yes"}},
            "spec": {
                "serviceAccountName": "shop",
                "terminationGracePeriodSeconds": 3,
                "volumes": [{"name": "data", "emptyDir": {}}],
                "containers": [
                    {
                        "name": "process",
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "securityContext": {"readOnlyRootFilesystem": True},
                    }
                ],
            },
        },
        processes={
            "web": a_process(
                "/web",
                port=80,
                podTemplate={
                    "spec": {
                        "volumes": [{"name": "data", "configMap": {"name": "data"}}],
                        "securityContext": {"runAsUser": 1000},
                        "containers": [
                            {
                                "name": "process",
                                "lifecycle": {"preStop": {"exec": {"command": ["/drain"]}}},
                                "ports": [{"name": "metrics", "containerPort": 9090}],
                            }
                        ],
                    }
                },
            )
        },
    ),
    "schedules": a_formation(
        labels={"team": "blue"},
        env=[{"name": "A", "value": "shared"}],
        envFrom=[{"configMapRef": {"name": "shared"}}],
        podTemplate={
            "metadata": {"annotations": {"scrape": "yes"}},
            "spec": {
                "serviceAccountName": "shop",
                "volumes": [{"name": "data", "emptyDir": {}}],
                "containers": [
                    {
                        "name": "process",
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "livenessProbe": PROBE,
                    }
                ],
            },
        },
        schedules={
            "nightly-report": {"schedule": "0 3 * * *", "command": ["/shop", "report"]},
            "all-that-it-may-say": {
                "schedule": "@hourly",
                "timeZone": "Europe/Berlin",
                "args": ["sweep"],
                "image": "sweeper:v1",
                "env": [{"name": "A", "value": "own"}],
                "envFrom": [{"secretRef": {"name": "own"}}],
                "resources": {"limits": {"memory": "1Gi"}},
                "serviceAccountName": "sweeper",
                "concurrencyPolicy": "Replace",
                "startingDeadlineSeconds": 60,
                "activeDeadlineSeconds": 600,
                "backoffLimit": 2,
                "successfulJobsHistoryLimit": 0,
                "failedJobsHistoryLimit": 3,
                "suspend": True,
            },
        },
    ),
    "image-as-it-is": a_formation(processes={"web": {"port": 8080}}),
    "resources-and-args": a_formation(
        processes={
            "worker": {"args": ["work"], "image": "other:v1", "resources": {"limits": {"memory": "1Gi"}}}
        }
    ),
}


def rendered(formation: builders.Manifest) -> str:
    return yaml.safe_dump_all([intent.manifest for intent in intents(parsed(formation))])


@pytest.mark.parametrize("case", CASES)
def test_the_children_are_rendered_as_the_golden_file_says(case: str, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / f"{case}.yaml"
    text = rendered(CASES[case])
    if request.config.getoption("--update-golden"):
        file.write_text(text)
    assert text == file.read_text()


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {file.stem for file in GOLDEN.glob("*.yaml")} == set(CASES)


def pod_templates(texts: dict[str, str]) -> dict[str, Any]:
    """Return each pod template of some golden files."""
    return {
        f"{case}/{manifest['metadata']['name']}": manifest["spec"]["template"]
        for case, text in texts.items()
        for manifest in yaml.safe_load_all(text)
        if manifest["kind"] == "Deployment"
    }


def of_the_last_release(case: str) -> str:
    """Return a golden file of the last release, or nothing for a case that it hasn't."""
    return "".join(released.text(f"{folder}/{case}.yaml", missing="") for folder in RELEASED)


def test_a_change_of_a_pod_template_since_the_release_and_nothing_else_is_announced_as_rolling_pods() -> None:
    try:
        before = pod_templates({case: of_the_last_release(case) for case in CASES})
    except released.NotHereError as error:
        pytest.skip(str(error))
    now = pod_templates({case: (GOLDEN / f"{case}.yaml").read_text() for case in CASES})
    kept = before.keys() & now.keys()
    changed = sorted(name for name in kept if before[name] != now[name])
    assert kept
    changelog = (paths.ROOT / "CHANGELOG.md").read_text()
    assert announces_rolling(changelog) == bool(changed), f"Unreleased has to say what changed: {changed}"


def announces_rolling(changelog: str) -> bool:
    unreleased = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    return bool(re.search(r"^Rolls pods: yes", unreleased, flags=re.MULTILINE | re.IGNORECASE))


def test_the_changelog_tells_whether_pods_roll() -> None:
    sample = "# Changelog\n\n## Unreleased\n\nRolls pods: yes\n\n## 0.1.0\n\nRolls pods: no\n"
    assert announces_rolling(sample)
    assert not announces_rolling(sample.replace("yes", "no"))
