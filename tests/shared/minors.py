"""Tests that need a newer minor of Kubernetes than the one that ``KUBE_VERSION`` chooses."""

import pytest

from hack.cluster import settings


def since(minor: str, why: str) -> pytest.MarkDecorator:
    """Return a mark by which a test is skipped on a minor before this one."""
    return pytest.mark.skipif(is_before(minor), reason=f"{settings.NEEDS} {minor}: {why}")


def is_before(minor: str) -> bool:
    """Tell whether tests run on a minor before this one."""
    chosen = settings.minor()
    return bool(chosen) and settings.numbers(chosen) < settings.numbers(minor)
