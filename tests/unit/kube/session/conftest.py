"""What tests of sessions share."""

import pathlib

import pytest
from kubernetes.aio.config import kube_config


@pytest.fixture
def kubeconfig(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Return the file that the client reads: it looks at $KUBECONFIG when it is imported."""
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return tmp_path / "config"
