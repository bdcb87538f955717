"""The API server takes the Jobs of releases as they are rendered."""

import pathlib

import pytest
import yaml

from formation_operator.api.release_key import release_key
from formation_operator.render import release_job
from hack.cluster import paths
from tests.live.client import Client
from tests.shared.builders import text
from tests.unit.facts import parsed

RELEASES = sorted((paths.ROOT / "tests" / "unit" / "render" / "releases").glob("*.yaml"))
assert RELEASES


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_the_api_server_takes_the_job_of_a_release_as_it_is_rendered(
    kubectl: Client, file: pathlib.Path
) -> None:
    known = parsed(yaml.safe_load(file.read_text()))
    job = release_job.job(known.metadata, known.spec, "0123456789abcdef" * 2, release_key(known.spec))
    for field in ("ownerReferences", "namespace"):  # its Formation isn't there
        del job["metadata"][field]
    done = kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", input=text(job), check=False)
    assert done.returncode == 0, done.stderr
