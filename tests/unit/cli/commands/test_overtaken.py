"""A deploy that somebody else's later deploy comes before, as the earlier one says it."""

from typing import Any

import pytest

from formation_cli import failures
from formation_operator.api import naming
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import V1, V2, WEB, Object, a_revision, ran, shop
from tests.unit.cli.typed import on

R1, R2 = ran(a_revision(1, V1)), a_revision(2, V2)
READY = {"type": "Ready", "status": "True", "message": "all process types run as declared"}


class Busy(FakeCluster):
    """Where somebody else changes the spec after each change, and all that is declared runs well."""

    def __init__(self, **later: Any) -> None:
        super().__init__(Formation=[shop(R2, V2)], ControllerRevision=[R1, R2], Pod=[])
        self.later = later
        self.objects[naming.KIND][0]["status"] |= {"observedGeneration": 1, "conditions": [READY]}

    def react(self) -> None:
        (found,) = self.objects[naming.KIND]
        found["spec"] |= self.later
        found["metadata"]["generation"] += 1
        found["status"]["observedGeneration"] += 1


BACK = " --rollback-on-failure"


@pytest.mark.parametrize("more", ["", BACK])
def test_a_deploy_that_is_overtaken_says_both_revisions_and_has_a_code_of_its_own(more: str) -> None:
    cluster = Busy(image="shop:v4")
    said = on(cluster, f"deploy shop shop:v3 --wait -n demo{more}", failures.OVERTAKEN).stderr.splitlines()
    own, other = (a_revision(0, {**V2, "image": f"shop:v{each}"})["metadata"]["name"] for each in (3, 4))
    own, other = (each.removeprefix("shop-")[:7] for each in (own, other))
    both = f"shop declares revision {other} (image shop:v4) now, and not {own} (image shop:v3)."
    assert said[-2:] == [
        f"Error: Another deploy has overtaken this one: {both}",
        "To wait for that one: kubectl formation -n demo wait shop",
    ]
    assert cluster.spec["image"] == "shop:v4"
    assert len(cluster.dry_runs) == 1, "nothing is rolled back"


@pytest.mark.parametrize(
    ("words", "later"),
    [
        ("rollback shop 1", {"image": "shop:v4"}),
        ("config set shop A=1", {"env": [{"name": "A", "value": "2"}]}),
        ("deploy shop --type web shop:v3", {"processes": {**V2["processes"], "web": {**WEB}}}),
    ],
    ids=["rollback", "the same variable", "the same type"],
)
def test_it_is_overtaken_where_what_it_has_changed_is_declared_otherwise(words: str, later: Object) -> None:
    assert "Another deploy has overtaken" in on(Busy(**later), f"{words} --wait", failures.OVERTAKEN).stderr


VARIABLES = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


@pytest.mark.parametrize(
    ("words", "later"),
    [
        ("deploy shop shop:v3", {"suspend": False}),
        ("deploy shop --type worker shop:v3", {"image": "shop:v4"}),
        ("config set shop A=1", {"image": "shop:v4", "env": VARIABLES}),
    ],
    ids=["no deploy", "the other types", "another variable"],
)
def test_what_goes_out_with_it_does_not_overtake_it(words: str, later: Object) -> None:
    result = on(Busy(**later), f"{words} --wait")
    assert result.stderr.splitlines()[-1] == "shop: all process types run as declared"


def test_without_an_image_of_its_own_only_the_revisions_are_named() -> None:
    class Without(Busy):
        def react(self) -> None:
            super().react()
            self.objects[naming.KIND][0]["spec"].pop("image", None)

    said = on(Without(env=[]), "config set shop A=1 --wait", failures.OVERTAKEN).stderr
    assert "()" not in said
    assert " now, and not " in said
