"""Tests that need a newer minor of Kubernetes than the one that ``KUBE_VERSION`` chooses."""

import pytest

from tests.cluster import settings

NEEDS = "needs Kubernetes"
"""How the reason begins: whoever asks for an older minor gets what that one can."""


def since(minor: str, why: str) -> pytest.MarkDecorator:
    """Return a mark by which a test is skipped on a minor before this one."""
    return pytest.mark.skipif(is_before(minor), reason=f"{NEEDS} {minor}: {why}")


def is_before(minor: str) -> bool:
    """Tell whether tests run on a minor before this one."""
    chosen = settings.minor()
    return bool(chosen) and settings.numbers(chosen) < settings.numbers(minor)
