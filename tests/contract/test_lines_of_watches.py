"""The first bytes of what a watch tells are as they are read: else all of it would be parsed."""

from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.watches import lines
from formation_operator.observe import autoscalers
from tests.builders import a_formation
from tests.client import Client
from tests.contract.counting import an_hpa


def told(user: Client, kind: str) -> list[lines.Line]:
    """Return what a watch tells of all that is there."""
    known = kinds.BY_NAME[kind]
    place = f"{known.path}/namespaces/{user.namespace}/{known.plural}"
    text = user("get", "--raw", f"{place}?watch=true&timeoutSeconds=1").stdout
    return [lines.Line(each.encode()) for each in text.splitlines()]


def test_whose_a_line_is_and_how_new_stands_where_it_is_looked_for(user: Client) -> None:
    user.apply(a_formation())
    user.reported()
    user.apply(an_hpa(6))

    found = {kind: told(user, kind) for kind in (ChildKind.DEPLOYMENT.value, HPA)}

    for line in (line for each in found.values() for line in each):
        assert lines.HEAD.match(line.text)
        metadata = line.raw["metadata"]
        assert (line.key, line.version) == (
            (metadata["namespace"], metadata["name"]),
            int(metadata["resourceVersion"]),
        )
    # Its controller may have reported on it while the watch went on.
    assert {autoscalers.autoscaler(hpa.raw, HPA).is_told_by(hpa.text) for hpa in found[HPA]} == {True}


def test_that_an_hpa_scaled_to_zero_itself_stands_where_it_is_looked_for(user: Client) -> None:
    hpa = an_hpa(1)
    user.apply(hpa)
    said = {"type": "ScaledToZero", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    patch = {"status": {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [said]}}
    user.merge("hpa", hpa["metadata"]["name"], patch, "--subresource=status")

    (line,) = told(user, HPA)

    assert autoscalers.SCALED_TO_ZERO in line.text
    assert autoscalers.autoscaler(line.raw, HPA).scaled_to_zero
