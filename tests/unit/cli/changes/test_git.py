import json
from typing import Any

from formation_cli.changes import git

WEB = ("spec", "processes", "web", "replicas")
OWNED: dict[str, Any] = {"f:spec": {"f:processes": {"f:web": {"f:replicas": {}}}}}


def formation(*managed: dict[str, Any], **annotations: str) -> dict[str, Any]:
    return {"metadata": {"managedFields": [*managed], "annotations": annotations}}


def entry(manager: str, operation: str = "Apply", fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": OWNED if fields is None else fields}


def applied(manifest: dict[str, Any]) -> dict[str, str]:
    return {git.LAST_APPLIED: json.dumps(manifest)}


def test_flux_sets_a_count_back_that_git_says() -> None:
    hint = git.hint(formation(entry("kustomize-controller")), [WEB])
    assert hint.startswith("web: Flux sets it back at the next sync")


def test_argo_cd_sets_a_count_back_that_git_says() -> None:
    manifest = {"spec": {"processes": {"web": {"replicas": 2}}}}
    tracked = formation(**applied(manifest), **{git.ARGO_TRACKING: "shop"})
    assert git.hint(tracked, [WEB]).startswith("web: Argo CD sets it back at the next sync")


def test_the_next_kubectl_apply_sets_a_count_back() -> None:
    manifest = {"spec": {"processes": {"web": {"replicas": 2}}}}
    assert "the next `kubectl apply` of its manifest sets it back" in git.hint(
        formation(**applied(manifest)), [WEB]
    )


def test_a_count_that_git_leaves_out_is_ours() -> None:
    manifest = {"spec": {"processes": {"web": {"command": ["/shop"]}}}}
    other = entry("kustomize-controller", fields={"f:spec": {"f:processes": {"f:web": {"f:command": {}}}}})
    assert git.hint(formation(other, **applied(manifest)), [WEB]) == ""


def test_who_has_only_edited_a_count_sets_nothing_back() -> None:
    assert git.hint(formation(entry("kubectl-edit", "Update")), [WEB]) == ""


def test_a_broken_annotation_says_nothing() -> None:
    assert git.hint(formation(**{git.LAST_APPLIED: "{"}), [WEB]) == ""
