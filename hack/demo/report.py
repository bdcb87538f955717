"""The report of a demo on a cluster that isn't ours: what to paste into an issue, without what is private."""

import contextlib
import platform
import re
import subprocess
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

import formation_operator
from formation_operator.kube.objects import lenient
from hack.cluster import paths
from hack.demo.diary import Entry
from hack.demo.stage import Stage, WrongError

HEADING = (
    "Paste this into an issue. Read it first: the cluster's messages may quote what you don't want to show."
)
MOST_TEXT = 2000
"""Characters that are kept of what went wrong."""
PRIVATE = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a token
    r'|(?<=User ")[^"]+'  # who isn't allowed something
    r"|[\w.+-]{1,64}@[\w-]+\.[\w.-]+"
    r"|https?://[^\s\"'/]+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|\[[0-9a-fA-F]*:[^\]\s]*\](?::\d+)?"
)
HIDDEN = "(hidden)"

Facts = Mapping[str, str]


def written(command: str, facts: Facts, entries: Iterable[Entry], wrong: str, private: Iterable[str]) -> str:
    """Return the report as Markdown, given what went wrong, if anything, and the words that stay private."""
    result = "failed" if wrong else "ok"
    about = [f"| {name} | {value} |" for name, value in facts.items()]
    steps = [f"| {each.what} | {each.seconds:.1f} | {said(each)} |" for each in entries]
    lines = [f"### `{command}`: {result}", "", "| | |", "|---|---|", *about, ""]
    lines += ["| step | seconds | |", "|---|---|---|", *steps]
    if wrong:
        cause = redacted(wrong, private).strip()[-MOST_TEXT:].replace("```", "'''")
        lines += ["", "```text", cause, "```"]
    return "\n".join(lines)


def said(entry: Entry) -> str:
    """Say how a step went."""
    return "ok" if entry.is_fine else "**failed**"


def redacted(text: str, private: Iterable[str]) -> str:
    """Return a text without private words, tokens and addresses; the longest words first."""
    for word in sorted(filter(None, private), key=len, reverse=True):
        text = text.replace(word, HIDDEN)
    return PRIVATE.sub(HIDDEN, text)


def facts(stage: Stage) -> dict[str, str]:
    """Return what the report says of the operator, of the cluster and of this machine."""
    version = stage.ask("version")
    return {
        "operator": f"{formation_operator.__version__}, {commit()}",
        "Kubernetes": str(lenient.mapping(version, "serverVersion").get("gitVersion")),
        "nodes": nodes(stage),
        "kubectl": str(lenient.mapping(version, "clientVersion").get("gitVersion")),
        "this machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def nodes(stage: Stage) -> str:
    """Return how many nodes there are, and of which kinds, without their names."""
    try:
        found = stage.ask("get", "nodes")["items"]
    except WrongError:
        return "not allowed to list them"
    kinds = sorted({kind_of(node) for node in found})
    return f"{len(found)}: {'; '.join(kinds)}"


def kind_of(node: Mapping[str, Any]) -> str:
    """Return what a node is, without what is its own: whose it is, its architecture, system and runtime."""
    info = lenient.mapping(node, "status", "nodeInfo")
    known = ("architecture", "osImage", "containerRuntimeVersion")
    provider, separator, _ = str(lenient.mapping(node, "spec").get("providerID") or "").partition("://")
    return ", ".join([*([provider] if separator else []), *(str(info.get(name)) for name in known)])


def names(stage: Stage) -> set[str]:
    """Return the words of a kubeconfig, and the names of nodes, that tell whose cluster it is."""
    seen = stage.ask("config", "view", "--minify")
    found = {str(seen.get("current-context") or "")}
    for context in seen.get("contexts") or ():
        found |= {str(context["name"]), *(str(value) for value in context["context"].values())}
    for cluster in seen.get("clusters") or ():
        server = str(lenient.mapping(cluster, "cluster").get("server") or "")
        found.add(urllib.parse.urlsplit(server).hostname or "")
    with contextlib.suppress(WrongError):  # then no message names them either
        found |= {node["metadata"]["name"] for node in stage.ask("get", "nodes")["items"]}
    return {word for word in found if word not in {"default", stage.namespace}}


def commit() -> str:
    """Return the commit of the checkout, if there is any, and whether something differs from it."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "without git"
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "not a checkout"
