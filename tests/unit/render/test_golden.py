"""What the operator renders is held by golden files: upgrading it restarts nobody's processes.

``pytest tests/unit/render/test_golden.py --update-golden`` writes them anew.  A pod template that differs
from the last release's needs "Rolls pods: yes" in the changelog, because every user's processes
will restart; ``released.json`` holds the digests of that release.
"""

import json
import pathlib
import re

import pytest
import yaml

from formation_operator.render import desired
from tests import builders
from tests.builders import a_formation, a_process
from tests.cluster import paths
from tests.unit.facts import intents, parsed

GOLDEN = pathlib.Path(__file__).with_name("golden")
RELEASED = GOLDEN / "released.json"
PROBE = {"httpGet": {"path": "/healthz", "port": "http"}}

CASES = {
    "a-worker": a_formation(),
    "web-with-port": a_formation(processes={"web": a_process("/shop", "web", replicas=2, port=8080)}),
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


def pod_templates() -> dict[str, str]:
    """Return a digest of each pod template in the golden files."""
    digests = {}
    for case in CASES:
        for manifest in yaml.safe_load_all((GOLDEN / f"{case}.yaml").read_text()):
            if manifest["kind"] == "Deployment":
                name = f"{case}/{manifest['metadata']['name']}"
                digests[name] = desired.digest_of(manifest["spec"]["template"])
    return digests


def test_a_pod_template_that_changed_since_the_release_is_announced_as_rolling_pods() -> None:
    released = json.loads(RELEASED.read_text())
    now = pod_templates()
    changed = sorted(name for name in released.keys() & now.keys() if released[name] != now[name])
    changelog = (paths.ROOT / "CHANGELOG.md").read_text()
    assert not changed or announces_rolling(changelog), f"{changed}: say 'Rolls pods: yes' under Unreleased"


def announces_rolling(changelog: str) -> bool:
    unreleased = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    return bool(re.search(r"^Rolls pods: yes", unreleased, flags=re.MULTILINE | re.IGNORECASE))


def test_the_changelog_tells_whether_pods_roll() -> None:
    sample = "# Changelog\n\n## Unreleased\n\nRolls pods: yes\n\n## 0.1.0\n\nRolls pods: no\n"
    assert announces_rolling(sample)
    assert not announces_rolling(sample.replace("yes", "no"))
