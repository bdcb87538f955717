"""Let pip inside an image build reach packages the way that pip reaches them here.

A machine may use its own package index, proxy or certificate authority, set by variables or files
that a build doesn't see.  They are handed in as one ``pip.conf`` (a build secret: it stays out of
the image) and as read-only mounts of the files that it names, so the repository knows none of them.
"""

import ast
import configparser
import os
import pathlib
import re
import ssl
import sys

from hack.images import workshop

# Where packages come from, and how they are reached; nothing that says where they are installed.
WANTED = {
    "cert",
    "client-cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
}
# Of two settings of one name pip takes the later of these; the rest are for commands that aren't used.
SECTIONS = ["global", "install", ":env:"]
SETTING = re.compile(r"^(global|install|:env:)\.([\w-]+)=(['\"].*['\"])$", re.MULTILINE)


def bud_options(folder: pathlib.Path, *, secret: bool = True, **more: str) -> list[str]:
    """Return the options that give ``buildah bud`` our pip's settings, written to a file in ``folder``.

    A Dockerfile that asks for no secret finds the file in its place.
    """
    ours = {**certificates(), **parse(workshop.run([sys.executable, "-m", "pip", "config", "list"]))}
    file = folder / "pip.conf"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
        render({**ours, **more}).write(stream)
    words = {pathlib.Path(word) for value in ours.values() for word in value.split()}
    named = sorted(path for path in words if path.is_absolute() and path.exists())
    mounts = [option for path in named for option in ("--volume", f"{path}:{path}:ro")]
    given = ["--secret", f"id=pip.conf,src={file}"] if secret else ["--volume", f"{file}:/etc/pip.conf:ro"]
    return [*given, *mounts]


def certificates() -> dict[str, str]:
    """Return the authorities that Python trusts here, if they are in one file."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or ssl.get_default_verify_paths().cafile
    return {"cert": bundle} if bundle else {}


def parse(listed: str) -> dict[str, str]:
    """Return the wanted settings of ``pip config list``; as in pip, variables win over files.

    >>> parse("global.timeout='60'\\n:env:.timeout='90'\\nglobal.user='true'")
    {'timeout': '90'}
    """
    found = sorted(SETTING.findall(listed), key=lambda setting: SECTIONS.index(setting[0]))
    return {name: str(ast.literal_eval(value)) for _, name, value in found if name in WANTED}


def render(settings: dict[str, str]) -> configparser.RawConfigParser:
    """Return settings in the form of pip's configuration file."""
    file = configparser.RawConfigParser()
    file["global"] = settings
    return file
