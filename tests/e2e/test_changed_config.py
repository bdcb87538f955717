"""A ConfigMap that has changed reaches the processes in each of the ways of docs/how-to/changed-config.md."""

import json
from typing import Any

import pytest

from tests.builders import Manifest
from tests.client import Client, eventually, throughout
from tests.e2e.scripts import GREETS, READY, shop_of
from tests.plugin import Plugin

pytestmark = pytest.mark.node

RELOADER = {"reloader.stakater.com/auto": "true"}


def config(greeting: str, name: str = "settings", **fields: Any) -> Manifest:
    """Return a ConfigMap with a greeting."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"GREETING": greeting},
        **fields,
    }


def shop(name: str = "settings", checksum: str = "", **spec: Any) -> Manifest:
    """Return a Formation whose web greets as a ConfigMap says, and whose worker doesn't know it."""
    made = shop_of(web=GREETS, worker=GREETS)
    del made["spec"]["env"]
    web = made["spec"]["processes"]["web"]
    web["envFrom"] = [{"configMapRef": {"name": name}}]
    if checksum:
        web["podTemplate"] = {"metadata": {"annotations": {"checksum/settings": checksum}}}
    made["spec"] |= spec
    return made


def pods(user: Client, type_: str) -> set[str]:
    """Return the names of a type's Pods that aren't going away."""
    labels = {"formations.dev/formation": "shop", "formations.dev/process-type": type_}
    return {
        each["metadata"]["name"]
        for each in user.list_all("pod")
        if each["metadata"]["labels"].items() >= labels.items()
        and "deletionTimestamp" not in each["metadata"]
    }


def says(user: Client, greeting: str) -> bool:
    """Tell whether web's only process has greeted so."""
    if len(found := pods(user, "web")) != 1:
        return False
    return f"web says {greeting}\n" in user("logs", found.pop(), check=False).stdout


def begin(user: Client, manifest: Manifest, *configs: Manifest) -> tuple[set[str], set[str]]:
    """Apply all, wait until web says hello, and return the Pods of web and of worker."""
    for each in (*configs, manifest):
        user.apply(each)
    user(*READY)
    eventually(lambda: says(user, "hello"))
    return pods(user, "web"), pods(user, "worker")


def check_only_web_was_restarted(user: Client, before: tuple[set[str], set[str]], greeting: str) -> None:
    """Fail unless web's processes are new and greet so, and the worker's are those from before."""
    eventually(lambda: says(user, greeting))
    web, worker = before
    assert web.isdisjoint(pods(user, "web"))
    assert pods(user, "worker") == worker


def test_a_new_name_rolls_out_the_types_that_use_it(person: Client) -> None:
    before = begin(person, shop("settings-1"), config("hello", "settings-1", immutable=True))

    person.apply(config("bonjour", "settings-2", immutable=True))
    person.apply(shop("settings-2"))

    check_only_web_was_restarted(person, before, "bonjour")


def test_a_checksum_in_pod_template_rolls_out_its_type(person: Client) -> None:
    before = begin(person, shop(checksum="1"), config("hello"))
    person.apply(config("bonjour"))
    assert throughout(3, lambda: pods(person, "web")) == before[0]

    person.apply(shop(checksum="2"))

    check_only_web_was_restarted(person, before, "bonjour")
    (pod,) = (person.get("pod", name) for name in pods(person, "web"))
    assert pod["metadata"]["annotations"]["checksum/settings"] == "2"


def test_reloaders_variable_replaces_the_processes_once_and_stays(person: Client) -> None:
    before = begin(person, shop(annotations=RELOADER), config("hello"))
    assert person.get("deployment", "shop-web")["metadata"]["annotations"].items() >= RELOADER.items()
    person.apply(config("bonjour"))

    variable = {"name": "STAKATER_SETTINGS_CONFIGMAP", "value": "6a1f"}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [variable]}]}}}}
    reloader = ("--type=strategic", "--field-manager=Reloader", "-p", json.dumps(patch))
    person("patch", "deployment/shop-web", *reloader)

    check_only_web_was_restarted(person, before, "bonjour")
    reloaded = pods(person, "web")
    person.merge("formation", "shop", {"spec": {"processes": {"web": {"replicas": 2}}}})
    eventually(lambda: len(pods(person, "web")) == 2)
    assert throughout(3, lambda: pods(person, "web") >= reloaded)
    for name in pods(person, "web"):
        assert variable in person.get("pod", name)["spec"]["containers"][0]["env"]
    assert not person.events("DriftRepaired")


def test_restart_using_restarts_what_uses_it_in_every_formation(person: Client, formation: Plugin) -> None:
    before = begin(person, shop(), config("hello"))
    person.apply(config("bonjour"))

    done = formation("restart", "--using", "configmap/settings", "--wait")

    assert done.stdout == "shop web: restarting\n"
    check_only_web_was_restarted(person, before, "bonjour")
