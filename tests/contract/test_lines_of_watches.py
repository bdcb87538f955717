"""The first bytes of what a watch tells are as they are read: else all of it would be parsed."""

from formation_operator.kube import watch_events
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.observe import autoscalers
from tests.builders import a_formation
from tests.client import Client
from tests.contract.counting import an_hpa


def told(user: Client, kind: str) -> list[watch_events.Event]:
    """Return what a watch tells of all that is there."""
    known = kinds.BY_NAME[kind]
    place = f"{known.path}/namespaces/{user.namespace}/{known.plural}"
    text = user("get", "--raw", f"{place}?watch=true&timeoutSeconds=1").stdout
    return [watch_events.Event(each.encode()) for each in text.splitlines()]


def test_whose_a_line_is_and_how_new_stands_where_it_is_looked_for(user: Client) -> None:
    user.apply(a_formation())
    user.reported()
    user.apply(an_hpa(6))

    found = {kind: told(user, kind) for kind in (ChildKind.DEPLOYMENT.value, HPA)}

    for line in (line for each in found.values() for line in each):
        assert watch_events.HEAD.match(line.text)
        metadata = line.object["metadata"]
        assert (line.key, line.version) == (
            (metadata["namespace"], metadata["name"]),
            int(metadata["resourceVersion"]),
        )
    # Its controller may have reported on it while the watch went on.
    assert {autoscalers.autoscaler(hpa.object, HPA).is_told_by(hpa.text) for hpa in found[HPA]} == {True}
