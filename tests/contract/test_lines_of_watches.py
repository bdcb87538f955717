"""The first bytes of what a watch tells are as they are read: else all of it would be parsed."""

from formation_operator.kube import watch_events
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe import autoscalers
from tests.builders import a_formation
from tests.client import Client
from tests.contract.counting import an_hpa


async def told(user: Client, kind: str) -> list[tuple[watch_events.Event, Object]]:
    """Return what a watch tells of all that is there."""
    known = kinds.BY_NAME[kind]
    place = f"{known.path}/namespaces/{user.namespace}/{known.plural}"
    text = user("get", "--raw", f"{place}?watch=true&timeoutSeconds=1").stdout
    events = [await watch_events.read(each.encode()) for each in text.splitlines()]
    return [(each, await each.object()) for each in events]


async def test_whose_a_line_is_and_how_new_stands_where_it_is_looked_for(user: Client) -> None:
    user.apply(a_formation())
    user.reported()
    user.apply(an_hpa(6))

    found = {kind: await told(user, kind) for kind in (ChildKind.DEPLOYMENT.value, HPA)}

    for event, raw in (each for those in found.values() for each in those):
        assert watch_events.HEAD.match(event.text)
        metadata = raw["metadata"]
        assert (event.key, event.version) == (
            (metadata["namespace"], metadata["name"]),
            int(metadata["resourceVersion"]),
        )
    # Its controller may have reported on it while the watch went on.
    assert {autoscalers.autoscaler(raw, HPA).has_facts_of(hpa.text) for hpa, raw in found[HPA]} == {True}


async def test_that_an_hpa_scaled_to_zero_itself_stands_where_it_is_looked_for(user: Client) -> None:
    hpa = an_hpa(1)
    user.apply(hpa)
    said = {"type": "ScaledToZero", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    patch = {"status": {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [said]}}
    user.merge("hpa", hpa["metadata"]["name"], patch, "--subresource=status")

    (event, raw), *_ = await told(user, HPA)  # its controller may have reported on it, too

    assert autoscalers.SCALED_TO_ZERO in event.text
    assert autoscalers.autoscaler(raw, HPA).scaled_to_zero
