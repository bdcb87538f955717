"""What tests of sessions share."""

import pathlib

import pytest
from kubernetes.aio.config import kube_config

from formation_operator.kube.session import kopf_session


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses between watches away."""
    monkeypatch.setattr(kopf_session, "APART", 0.0)


@pytest.fixture
def kubeconfig(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Return the file that the client reads: it looks at $KUBECONFIG when it is imported."""
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return tmp_path / "config"
