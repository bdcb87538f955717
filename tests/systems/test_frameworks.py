"""Frameworks' samples, with a real database: `make systems`."""

import pytest

from tests.live import database
from tests.live.client import Client, eventually
from tests.systems.running import Running, Sample
from tests.systems.web_client import try_to_get

pytestmark = [pytest.mark.node, pytest.mark.long]

SECRETS = {"django": "SECRET_KEY", "rails": "SECRET_KEY_BASE"}
"""By framework, the variable that signs its cookies."""


@pytest.fixture(scope="module")
def url(restricted: Client) -> str:
    """Start a database, and return its address."""
    return f"postgresql://shop:{database.PASSWORD}@{database.start(restricted)}/shop"


@pytest.mark.parametrize("name", SECRETS)
def test_a_framework_migrates_its_database_before_its_web_uses_it_and_runs_a_command_on_a_schedule(
    name: str, url: str, restricted: Client, sample: Sample
) -> None:
    settings = {"DATABASE_URL": url, SECRETS[name]: "anything"}
    literals = (f"--from-literal={variable}={value}" for variable, value in settings.items())
    restricted("create", "secret", "generic", f"{name}-settings", *literals)
    manifest = sample(name)
    web = Running(restricted, name, "web")
    restricted.apply(manifest)
    web.settled(1)
    assert restricted.get("formation", name)["status"]["release"]["state"] == "Succeeded"
    assert eventually(lambda: try_to_get(web.url())) == "visits: 1\n"  # the table is there

    (schedule,) = manifest["spec"]["schedules"]
    restricted("create", "job", name, f"--from=cronjob/{name}-{schedule}")
    restricted("wait", "--for=condition=Complete", f"job/{name}", "--timeout=2m")
