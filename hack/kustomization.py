"""What a kustomization makes: by kustomize, or read here, where it only lists files and folders."""

import pathlib
from typing import Any

import yaml

from hack.cluster import commands

Manifest = dict[str, Any]
Key = tuple[str, str, str]


def load(file: pathlib.Path) -> list[Manifest]:
    """Return the objects of a file."""
    return parse(file.read_text())


def parse(text: str) -> list[Manifest]:
    """Return the objects of a text."""
    return [document for document in yaml.safe_load_all(text) if document]


def built(folder: pathlib.Path) -> list[Manifest]:
    """Return every object that a kustomization lists, itself or through a folder."""
    found = []
    for resource in load(folder / "kustomization.yaml")[0]["resources"]:
        path = folder / resource
        found += built(path) if path.is_dir() else load(path)
    return found


def rendered(kubectl: pathlib.Path, folder: pathlib.Path) -> list[Manifest]:
    """Return what kustomize makes of a folder."""
    return parse(commands.output([kubectl, "kustomize", folder]))


def by_key(objects: list[Manifest]) -> dict[Key, Manifest]:
    """Return objects by kind, namespace and name, each of which there must be once."""
    found = {key(item): item for item in objects}
    assert len(found) == len(objects)
    return found


def key(item: Manifest) -> Key:
    """Return what an object is known by."""
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace", ""), metadata["name"]
