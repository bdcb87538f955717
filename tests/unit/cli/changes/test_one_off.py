from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli.changes import one_off
from formation_cli.changes.one_off import OneOff
from formation_cli.failures import Failure
from tests.shared import builders

PROBED = {"livenessProbe": {"tcpSocket": {"port": 80}}}
WEB = builders.a_process("/shop", "web", port=8080, env=[{"name": "ONLY", "value": "web"}], **PROBED)
SHARED = [{"name": "LOG_LEVEL", "value": "info"}]
SHOP = builders.stored(builders.a_formation(env=SHARED, processes={"web": WEB}))


def job(**wanted: Any) -> Any:
    return one_off.job(SHOP, OneOff(**{"words": ["/shop", "migrate"], **wanted}), "x7k2p")


def container(made: Any) -> Any:
    (found,) = made["spec"]["template"]["spec"]["containers"]
    return found


def test_it_runs_once_with_what_all_types_share(snapshot: SnapshotAssertion) -> None:
    assert job() == snapshot


def test_with_a_type_it_has_its_environment_and_is_no_process_of_it(snapshot: SnapshotAssertion) -> None:
    assert job(process_type="web", size={"cpu": "1", "memory": "2Gi"}) == snapshot


def test_its_name_is_short_enough_for_the_label_of_its_pods() -> None:
    long = builders.stored(builders.a_formation("a" * 63))
    assert one_off.job(long, OneOff(["/shop"]), "x7k2p")["metadata"]["name"] == "a" * 58 + "x7k2p"


def test_a_type_must_be_named_where_each_has_an_image_of_its_own() -> None:
    own = builders.stored(builders.a_formation(processes={"web": builders.a_process(image="a:1")}))
    del own["spec"]["image"]
    with pytest.raises(Failure, match="its own image"):
        one_off.job(own, OneOff(["/shop"]), "")
    assert container(one_off.job(own, OneOff(["/shop"], "web"), ""))["image"] == "a:1"


def test_another_image_takes_the_place_of_the_type_s() -> None:
    own = builders.stored(builders.a_formation(processes={"web": builders.a_process(image="a:1")}))
    made = one_off.job(own, OneOff(["/shop"], "web", image="a:2"), "")
    assert container(made)["image"] == "a:2"


def test_without_its_input_a_terminal_is_no_use() -> None:
    assert container(job(tty=True))["stdin"]
