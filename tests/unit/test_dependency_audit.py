"""Every dependency has a licence that is allowed, and an audit that isn't whole doesn't pass."""

import json

import pytest

from tests.release import audit, licences

CLEAN = {"name": "kopf", "version": "1.45.2", "vulns": []}
SKIPPED = {"name": "uvloop", "skip_reason": "Dependency not found on PyPI and could not be audited"}
FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["2.8.1"], "aliases": [], "description": "..."}
FLAWED = {"name": "urllib3", "version": "2.8.0", "vulns": [FLAW]}


def answer(*packages: object) -> str:
    """Return what pip-audit prints about packages."""
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("packages", "result", "said"),
    [
        ((CLEAN,), audit.FINE, "1 packages, no known vulnerability"),
        ((CLEAN, FLAWED, SKIPPED), audit.VULNERABLE, "urllib3 2.8.0: PYSEC-2026-1, fixed in 2.8.1"),
    ],
)
def test_a_known_vulnerability_is_named_with_its_fix_even_if_others_could_not_be_looked_up(
    packages: tuple[object, ...], result: int, said: str
) -> None:
    code, text = audit.verdict(answer(*packages), "")
    assert code == result
    assert said in text


@pytest.mark.parametrize(
    ("printed", "messages", "reason"),
    [
        (answer(CLEAN, SKIPPED), "No known vulnerabilities found", "of 2 packages 1 couldn't be looked up"),
        (answer(), "", "of 0 packages"),
        ("", "Traceback ...\nProxyError: Connection refused\n", "ProxyError: Connection refused"),
        ("", "", "no answer"),
    ],
)
def test_an_audit_that_leaves_out_a_package_has_not_been_run(
    printed: str, messages: str, reason: str
) -> None:
    code, text = audit.verdict(printed, messages)
    assert code == audit.NOT_RUN
    assert text.startswith("not run: ")
    assert reason in text


def test_a_vulnerability_that_is_known_outweighs_an_audit_that_was_not_run() -> None:
    assert audit.worst([audit.FINE, audit.NOT_RUN, audit.VULNERABLE]) == audit.VULNERABLE
    assert audit.worst([audit.FINE, audit.NOT_RUN]) == audit.NOT_RUN
    assert audit.worst([audit.FINE]) == audit.FINE


def test_the_page_of_dependencies_lists_what_is_locked_and_what_for() -> None:
    assert {name: row.use for name, row in licences.rows().items()} == licences.locked()


@pytest.mark.parametrize(("name", "row"), sorted(licences.rows().items()))
def test_a_dependency_has_a_licence_that_is_allowed(name: str, row: licences.Row) -> None:
    assert licences.named(row.licence) <= licences.ALLOWED


def test_the_licences_are_those_that_the_packages_themselves_name() -> None:
    rows = licences.rows()
    assert {name: rows[name].licence for name in licences.installed()} == licences.installed()
