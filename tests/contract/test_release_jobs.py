"""The API server takes the Jobs of releases as they are rendered."""

import pathlib
from typing import Any

import pytest
import yaml

from tests.builders import text
from tests.client import Client
from tests.cluster import paths

RENDERED = sorted((paths.ROOT / "tests" / "unit" / "render" / "golden" / "releases").glob("*.yaml"))


def without_owner(file: pathlib.Path) -> dict[str, Any]:
    """Return a Job that nobody owns: its Formation isn't there."""
    job = yaml.safe_load(file.read_text())
    named = {
        key: value for key, value in job["metadata"].items() if key not in {"ownerReferences", "namespace"}
    }
    return {**job, "metadata": named}


@pytest.mark.parametrize("file", RENDERED, ids=lambda file: file.stem)
def test_the_api_server_takes_the_job_of_a_release_as_it_is_rendered(
    kubectl: Client, file: pathlib.Path
) -> None:
    job = without_owner(file)
    done = kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", input=text(job), check=False)
    assert done.returncode == 0, done.stderr
