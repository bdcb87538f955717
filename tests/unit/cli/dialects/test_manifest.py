import pytest

from crds.generate.rules import formation as rules
from formation_cli.dialects import manifest, names
from formation_cli.failures import Mistyped

SHOP = """
kind: Formation
metadata: {name: shop}
spec:
  image: x
  processes: {web: {command: [serve]}}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no Formation"),
        (f"{SHOP}---{SHOP}", "has 2 Formations"),
        ("a: [", "isn't YAML: .*line 1"),
        ("!!python/object/apply:os.system [id]", "isn't YAML: .*line 1"),
        ("[" * 3000, "isn't YAML"),
        (SHOP.replace("shop", "../shop"), "can't be the name of a Formation"),
        (SHOP.replace("web", "'../web'"), "can't be the name of a process type"),
        (SHOP.replace("web", "release"), "release can't be the name of a process type"),
        (SHOP.replace("image: x", "imag: x"), "spec.imag: "),
        (SHOP.replace("image: x", "image: x\n  env: [{name: 1}]"), "spec.env"),
        (SHOP.replace("image: x", "image: x\n  env: [{name: A, value: 1}]"), "spec.env"),
        (SHOP.replace("image: x", "image: x\n  envFrom: [{secretRef: 1}]"), "spec.envFrom"),
    ],
)
def test_what_is_no_formation_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(Mistyped, match=message):
        manifest.parse(text, "shop.yaml")


def test_names_are_what_the_crd_takes() -> None:
    assert f"({names.TYPE.pattern})" in f"({rules.LABEL})"
    assert rules.LONGEST_CHILD == names.LONGEST_CHILD
    assert rules.RESERVED_TYPES.keys() == names.RESERVED.keys()


def test_a_type_s_own_variable_wins_and_what_the_cluster_alone_knows_is_named() -> None:
    elsewhere = {"secretKeyRef": {"name": "keys", "key": "b"}}
    web = {"command": ["serve"], "env": [{"name": "A", "value": "3"}, {"name": "B", "valueFrom": elsewhere}]}
    spec = {
        "image": "x",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "envFrom": [{"secretRef": {"name": "keys"}}],
        "processes": {"web": web},
    }
    known = manifest.known({"metadata": {"name": "shop"}, "spec": spec}, "shop.yaml")
    assert known.literals("web") == {"A": "3"}
    assert known.elsewhere("web") == ["B", "all of Secret keys"]
    assert known.count("web") == 1
