"""What a process takes, as the kernel counts it, and what the API server was asked, as that counts it."""

import asyncio
import os
import pathlib
import re
import time
from collections import Counter

from hack.bench.api import Api

TICKS = os.sysconf("SC_CLK_TCK")
WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}
READS = {"GET", "LIST"}
OWN = {"leases", "namespaces", "flowschemas", "prioritylevelconfigurations", "apiservices", "endpointslices"}
"""What the API server writes for itself, or we do."""
LINE = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
CALM = 0.1
"""The part of a core below which a process is at rest."""

Requests = Counter[tuple[str, str]]
"""How many requests there were, by verb and resource (with its subresource)."""


def cpu(pid: int) -> float:
    """Return the seconds that a process has had of a core."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def requests(admin: Api) -> Requests:
    """Return what the API server has answered well so far."""
    counted: Requests = Counter()
    for labels, value in LINE.findall((await admin.send("GET", "/metrics")).decode()):
        known = dict(LABEL.findall(labels))
        if known["verb"] in WRITES | READS and known["resource"] not in OWN | {""}:
            below = f"/{known['subresource']}" if known["subresource"] else ""
            counted[known["verb"], known["resource"] + below] += int(float(value))
    return counted


def writes(counted: Requests, resource: str = "") -> int:
    """Return how many writes there were, of one resource or of all."""
    return sum(count for (verb, what), count in counted.items() if verb in WRITES and resource in ("", what))


def reads(counted: Requests) -> int:
    """Return how many objects and lists were read."""
    return sum(count for (verb, _), count in counted.items() if verb in READS)


async def calm(*pids: int, seconds: float = 1.0, patience: float = 300.0) -> float:
    """Wait until processes have been at rest for some seconds, and return when that began."""
    began, deadline = time.perf_counter(), time.perf_counter() + patience
    before = sum(map(cpu, pids))
    while time.perf_counter() < deadline:
        await asyncio.sleep(0.1)
        now = sum(map(cpu, pids))
        if now - before > CALM * seconds * len(pids):
            before, began = now, time.perf_counter()
        elif time.perf_counter() - began >= seconds:
            return began
    raise TimeoutError(f"not at rest after {patience:.0f} s")
