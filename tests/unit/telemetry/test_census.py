"""What the metrics say of Formations: everybody counted, few words, and a list that tenants share."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from syrupy.assertion import SnapshotAssertion

from formation_operator.telemetry.census import OTHER, Census

Raw = dict[str, Any]
LABELS = ("namespace", "formation", "process_type", "schedule", "ready", "reason", "state")
RUNNING = {"state": "Running", "desiredReplicas": 3, "readyReplicas": 2}


def a_formation(
    namespace: str = "default",
    name: str = "shop",
    processes: Raw | None = None,
    ready: tuple[Any, Any] | None = ("True", "Running"),
) -> Raw:
    types = {"web": RUNNING} if processes is None else processes
    status: Raw = {"processes": types}
    if ready:
        status["conditions"] = [
            {"type": "Paused", "status": "True", "reason": "Paused"},
            {"type": "Ready", "status": ready[0], "reason": ready[1]},
        ]
    about = {"namespace": namespace, "name": name}
    return {"metadata": about, "spec": {"processes": dict.fromkeys(types)}, "status": status}


def scraped(formations: list[Raw], most: int = 100) -> dict[tuple[str, ...], float]:
    """Return each sample of a scrape by the end of its name and the values of its labels."""
    registry = CollectorRegistry()
    registry.register(Census(lambda: formations, most))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (
            sample.name.removeprefix("formation_operator_"),
            *(sample.labels[label] for label in LABELS if label in sample.labels),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def scheduled(**schedules: Raw) -> Raw:
    raw = a_formation(name="scheduled")
    raw["spec"]["schedules"] = dict.fromkeys(schedules)
    raw["status"]["schedules"] = schedules
    return raw


def releasing(name: str, state: Any, started: Any) -> Raw:
    raw = a_formation(name=name, ready=("False", "BadCommand"))
    raw["status"]["release"] = {"state": state, "startedAt": started}
    return raw


def trying(state: Any, reason: str) -> Raw:
    raw = a_formation(ready=("False", reason))
    raw["status"]["canary"] = {"state": state}
    return raw


def test_formations_are_counted_by_the_state_of_their_canaries_in_few_words() -> None:
    formations = [
        trying("Trying", "CanaryTrying"),
        trying("Trying", "Unschedulable"),
        trying("Trying", "ImagePullFailed"),
        trying("Failed", "CanaryFailed"),
        trying("Anything", "CanaryFailed"),
        trying(None, "CanaryFailed"),
        a_formation(),
    ]
    formations[0]["status"]["canary"]["message"] = "anything"
    formations.append(a_formation())
    formations[-1]["status"]["canary"] = "forged"
    found = {labels[1:]: value for labels, value in scraped(formations).items() if labels[0] == "canaries"}
    assert found == {("Trying",): 1, ("Waiting",): 2, ("Failed",): 1, (OTHER,): 1, ("Unknown",): 2}


def test_everything_is_counted_and_listed(snapshot: SnapshotAssertion) -> None:
    well = {"state": "Scheduled", "lastSuccessfulTime": "1970-01-01T00:01:00Z"}
    schedules = scheduled(report={"state": "Failing"}, sweep=well)
    schedules["spec"]["schedules"]["new"] = None
    schedules["status"]["schedules"]["forged"] = {"state": "Failing"}
    types = a_formation(name="types", processes={"web": RUNNING, "worker": {"desiredReplicas": 1}})
    types["spec"]["processes"]["new"] = None
    formations = [
        schedules,
        types,
        a_formation(name="unknown", ready=None),
        a_formation(name="asleep", ready=("True", "Suspended")),
        releasing("a", "Running", "1970-01-01T00:00:00Z"),
        releasing("b", "Running", "1970-01-01T00:01:00Z"),
        releasing("c", "Failed", None),
        releasing("d", "Anything", "yesterday"),
        releasing("e", None, 5),
    ]
    registry = CollectorRegistry()
    registry.register(Census(lambda: formations, 100, now=lambda: 180.0))
    assert generate_latest(registry).decode() == snapshot


@pytest.mark.parametrize("processes", [[{"name": "web"}], "web", 5], ids=str)
def test_a_formation_whose_types_no_schema_of_ours_allows_is_counted_without_types(processes: Any) -> None:
    raw = a_formation(ready=("False", "InvalidSpec"))
    raw["spec"]["processes"] = processes
    found = scraped([raw, a_formation(name="well")])
    assert found["formations", "False", "InvalidSpec"] == 1
    assert found["process_types", "Running"] == 1


def test_a_reason_that_is_nobodys_word_makes_no_series_of_its_own() -> None:
    many = [a_formation(name=f"f{n}", ready=("False", f"Reason{n}")) for n in range(50)]
    found = {key: value for key, value in scraped(many).items() if key[0] == "formations"}
    assert found == {("formations", "False", OTHER): 50}


def test_a_tenant_with_many_types_takes_no_other_ones_place_in_the_list() -> None:
    burst = [a_formation("burst", f"f{n}") for n in range(100)]
    found = scraped([*burst, a_formation("quiet")], most=10)
    listed = [key for key in found if key[0] == "process_type_replicas_desired"]
    assert len(listed) == 10
    assert ("process_type_replicas_desired", "quiet", "shop", "web") in listed
    assert found["process_types_unlisted",] == 91


def test_the_same_types_are_listed_whatever_the_order_in_which_formations_are_known() -> None:
    many = [a_formation("burst", f"f{n}") for n in range(100)]
    assert scraped(many, most=10) == scraped(many[::-1], most=10)


@pytest.mark.parametrize("most", [0, 1, 7, 1000])
def test_all_that_is_listed_or_left_out_is_all_that_there_is(most: int) -> None:
    many = [a_formation(f"n{n % 13}", f"f{n}") for n in range(100)]
    found = scraped(many, most=most)
    listed = sum(key[0] == "process_type_replicas_desired" for key in found)
    assert (listed, found["process_types_unlisted",]) == (min(most, 100), 100 - min(most, 100))


HOSTILE = 'web"} 1\nformation_operator_leader{x="\\'


def test_no_name_can_end_its_label() -> None:
    raw = a_formation(HOSTILE, HOSTILE, {HOSTILE: RUNNING})
    found = scraped([raw])
    assert found["process_type_replicas_desired", HOSTILE, HOSTILE, HOSTILE] == 3
    assert not [key for key in found if key[0] == "leader"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(conditions=JSON, processes=JSON, said=JSON)
def test_whatever_a_status_holds_it_is_counted(conditions: Any, processes: Any, said: Any) -> None:
    raw = a_formation()
    raw["status"] = {"conditions": conditions, "processes": processes}
    other = a_formation(name="other", processes={"web": said}, ready=(said, said))
    found = scraped([raw, other])
    assert sum(value for key, value in found.items() if key[0] == "formations") == 2
    assert sum(value for key, value in found.items() if key[0] == "process_types") == 2
