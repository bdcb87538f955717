"""The optional policy warns at most: `tests/contract/test_foreground.py` shows the words of the operator."""

import yaml

from crds.generate import __main__ as generator
from hack.cluster import paths

POLICY, BINDING = yaml.safe_load_all(generator.POLICY.read_text())


def test_the_policy_refuses_nothing_even_where_it_fails() -> None:
    assert POLICY["spec"]["failurePolicy"] == "Ignore"
    assert "Deny" not in BINDING["spec"]["validationActions"]


def test_the_policy_is_no_part_of_what_is_installed_by_default() -> None:
    assert "policies" not in (paths.ROOT / "manifests" / "kustomization.yaml").read_text()
