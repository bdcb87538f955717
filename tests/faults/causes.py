"""Faults that aren't made on the way: of the cluster's processes, and of what its administrator sets up."""

import contextlib
import time
from collections.abc import Callable, Iterator

from tests.builders import Manifest
from tests.client import Client
from tests.faults import daemons
from tests.faults.place import Place
from tests.faults.proxy import Bites
from tests.server import ServerError

BINDING = "formation-operator"
ADMISSION = "admissionregistration.k8s.io/v1"
POLICY = "tests-deny"
Cause = Callable[[Place, Client], contextlib.AbstractContextManager[Bites]]
"""Brings a fault about within, or before."""


def refusals(place: Place) -> Bites:
    """Return what says how often the API server hasn't done from now on what it was asked for."""
    before = len(place.proxy.refusals)
    return lambda: len(place.proxy.refusals) - before


@contextlib.contextmanager
def no_rights(place: Place, user: Client) -> Iterator[Bites]:
    """Take all rights from the operator, and give them back."""
    binding = user.server.get("clusterrolebinding", "", BINDING)
    user.server.delete("clusterrolebinding", "", BINDING)
    place.proxy.cut(lambda call: call.watches)
    try:
        yield refusals(place)
    finally:
        about = {"name": BINDING, "labels": binding["metadata"].get("labels")}
        user.server.create("clusterrolebinding", "", {**binding, "metadata": about})


@contextlib.contextmanager
def quota(place: Place, user: Client) -> Iterator[Bites]:
    """Let no more Deployments into the namespace."""
    spec = {"hard": {"count/deployments.apps": "1"}}
    full = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": spec}
    user.server.create("resourcequota", user.namespace, full)
    try:
        yield refusals(place)
    finally:
        user.server.delete("resourcequota", user.namespace, "full")


@contextlib.contextmanager
def admission_denies(place: Place, user: Client) -> Iterator[Bites]:
    """Deny whatever is written of a Deployment in the namespace by anybody but its controllers."""
    deployments = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": user.namespace}}
    constraints = {"resourceRules": [{**deployments, "operations": ["CREATE", "UPDATE"]}]}
    denial = {"expression": "false", "message": "a fault of the tests"}
    binding = {
        "policyName": POLICY,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": here},
    }
    items: list[tuple[str, Manifest]] = [
        ("ValidatingAdmissionPolicy", {"matchConstraints": constraints, "validations": [denial]}),
        ("ValidatingAdmissionPolicyBinding", binding),
    ]
    for kind, spec in items:
        about = {"apiVersion": ADMISSION, "kind": kind, "metadata": {"name": POLICY}, "spec": spec}
        user.server.create(kind, "", about)
    try:
        wait_until_denied(user)
        yield refusals(place)
    finally:
        for kind, _ in items:
            user.server.delete(kind, "", POLICY)


def wait_until_denied(user: Client) -> None:
    """Wait until a policy is in force: that takes the API server a moment."""
    probe = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "probe"}, "spec": {}}
    labels = {"a": "b"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a:v1"}]}}
    probe["spec"] = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    while True:
        try:
            user.server.create("deployment", user.namespace, probe)
        except ServerError as error:
            assert "a fault of the tests" in str(error)  # noqa: PT017
            return
        user.server.delete("deployment", user.namespace, "probe")
        time.sleep(0.2)


def stopped(name: str, seconds: float) -> Cause:
    """End one of the cluster's processes, and start it again later."""

    @contextlib.contextmanager
    def before(place: Place, _: Client) -> Iterator[Bites]:
        met = refusals(place)
        with daemons.without(place.cluster, name):
            time.sleep(seconds)
        yield met

    return before


def frozen(name: str, seconds: float) -> Cause:
    """Have one of the cluster's processes stand still."""

    @contextlib.contextmanager
    def before(place: Place, _: Client) -> Iterator[Bites]:
        asked = len(place.proxy.calls)
        with daemons.frozen(place.cluster, name):
            time.sleep(seconds)
        yield lambda: len(place.proxy.calls) - asked

    return before
