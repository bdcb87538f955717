"""The tests run on the Kubernetes that they say they run on."""

import pytest

from hack.cluster import build, bump, control_plane, settings


@pytest.mark.parametrize("minor", build.older())
def test_an_older_minor_is_pinned_and_serves_what_the_tests_need(
    minor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"\tk8s.io/kubernetes v{minor}." in (bump.folder(f"{minor}.9") / "go.mod").read_text()

    monkeypatch.setenv("KUBE_VERSION", minor)
    served = f"--runtime-config=admissionregistration.k8s.io/{settings.ADMISSION[minor]}=true"
    assert served in control_plane.admission_flags()
