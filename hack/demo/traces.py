"""What the demo makes in a cluster that isn't ours: found before it begins, and deleted at its end."""

import dataclasses

from hack.cluster import progress
from hack.demo.stage import Stage, require

SHARED = ("manifests/rbac/", "crds/")
"""The operator's account and rights, and the CRD, in the order in which they are deleted."""
PATIENCE = "--timeout=2m"
LAST = "This deletes every Formation of the cluster, and what it runs:"


@dataclasses.dataclass(frozen=True)
class Traces:
    """All that the demo makes, whether it is there or not."""

    stage: Stage

    def found(self, *, only_app: bool = False) -> list[str]:
        """Return the names of what is there, or of what of the sample is there."""
        query = ("get", "--ignore-not-found", "--output=name")
        names = self.stage.run(*query, "namespace", self.stage.namespace)
        for folder in () if only_app else SHARED:
            names += self.stage.run(*query, "-k", folder)
        return list(dict.fromkeys(names.split()))

    def delete_app(self) -> None:
        """Delete the sample with its namespace, and wait until its processes have ended."""
        progress.step("deleting what the demo has made")
        if self.stage.run("get", "namespace", self.stage.namespace, "--ignore-not-found"):
            self.stage.show("delete", "namespace", self.stage.namespace, PATIENCE)

    def delete_rest(self) -> None:
        """Delete what Formations need, unless somebody has made one meanwhile: it would go with the CRD."""
        found = self.found()
        has_crd = any(name.startswith("customresourcedefinition") for name in found)
        for folder in SHARED if found else ():
            if has_crd:  # asked each time, as what is deleted first may take minutes
                self.require_no_formation()
            self.stage.show("delete", "-k", folder, "--ignore-not-found", PATIENCE)
        require(not (left := self.found()), f"this is still there: {', '.join(left)}")
        progress.step("nothing is left in the cluster of what the demo has made")

    def require_no_formation(self) -> None:
        """End the demo where somebody has a Formation."""
        template = "{range .items[*]}{.metadata.namespace}/{.metadata.name} {end}"
        others = self.stage.run("get", "formations", "--all-namespaces", f"--output=jsonpath={template}")
        require(
            not others.strip(),
            f"Formations were made elsewhere, so the CRD stays: {', '.join(others.split())}",
        )

    def by_hand(self, *, only_app: bool = False) -> str:
        """Return the commands that delete it, or those that delete the sample."""
        kubectl = " ".join(["    kubectl", *self.stage.options])
        app = f"{kubectl} delete namespace {self.stage.namespace}"
        *folders, last = [f"{kubectl} delete -k {folder}" for folder in SHARED]
        return app if only_app else "\n".join([app, *folders, f"    # {LAST}", last])
