"""Containers that run Debian's shell or Python."""

from typing import Any

from hack.images import debian
from tests.shared import builders

HUNGRY = "python3 -c \"b = b'x' * (200 << 20)\""
"""What needs 200 MiB."""


def sh(script: str) -> tuple[str, str, str]:
    return ("/bin/sh", "-c", script)


def its_own(**more: Any) -> builders.Manifest:
    """Return what podTemplate says of the process's own container."""
    return {"name": "process", "imagePullPolicy": "IfNotPresent", **more}


def beside(**container: Any) -> builders.Manifest:
    return {"name": "helper", "image": debian.IMAGE.name, "imagePullPolicy": "IfNotPresent", **container}


def of_debian(*, ends_soon: bool = True, **spec: Any) -> builders.Manifest:
    """Return a Formation of Debian's image whose processes run as a user, and end soon if they should."""
    grace = {"terminationGracePeriodSeconds": 1} if ends_soon else {}
    pod = {"securityContext": {"runAsUser": 1000}, "containers": [its_own()], **grace}
    return builders.a_formation(image=debian.IMAGE.name, podTemplate={"spec": pod}, **spec)


def version_of(item: builders.Manifest) -> str:
    """Return the version of the content that a Deployment or a Pod has, by its environment."""
    spec = item["spec"].get("template", item)["spec"]
    return next(str(each["value"]) for each in spec["containers"][0]["env"] if each["name"] == "VERSION")
