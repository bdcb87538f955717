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

from hack.cluster import paths
from tests.shared import builders
from tests.shared import earlier as released
from tests.unit.facts import intents, parsed

GOLDEN = pathlib.Path(__file__).with_name("golden")
FORMATIONS = GOLDEN.with_name("formations")
CASES = {file.stem: yaml.safe_load(file.read_text()) for file in sorted(FORMATIONS.glob("*.yaml"))}


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
    return released.text(f"{GOLDEN.relative_to(paths.ROOT)}/{case}.yaml", missing="")


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
