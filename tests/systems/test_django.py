"""Django's sample with a real database: `make systems`."""

import pytest

from tests import database
from tests.client import Client, eventually
from tests.systems.running import Running, Sample
from tests.systems.web_client import try_to_get

pytestmark = [pytest.mark.node, pytest.mark.long]


def test_django_migrates_its_database_before_its_web_uses_it_and_runs_a_command_on_a_schedule(
    restricted: Client, sample: Sample
) -> None:
    url = f"postgresql://shop:{database.PASSWORD}@{database.start(restricted)}/shop"
    settings = (f"--from-literal=DATABASE_URL={url}", "--from-literal=SECRET_KEY=anything")
    restricted("create", "secret", "generic", "django-settings", *settings)
    web = Running(restricted, "django", "web")
    restricted.apply(sample("django"))
    web.settled(1)
    assert restricted.get("formation", "django")["status"]["release"]["state"] == "Succeeded"
    assert eventually(lambda: try_to_get(web.url())) == "visits: 1\n"  # it is written to the table

    restricted("create", "job", "now", "--from=cronjob/django-clear-sessions")
    restricted("wait", "--for=condition=Complete", "job/now", "--timeout=2m")
