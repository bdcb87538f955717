"""Compose's durations, sizes, ports and lists, as a Formation has them.

Sources: https://github.com/compose-spec/compose-spec/blob/main/11-extension.md
and https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

import math
import re
import shlex
from typing import Any

from formation_operator.api.fields import INT32

DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(w|d|h|ms|us|µs|ns|m|s)")
SMALL = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, **SMALL}
SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) *([bkmgt]?)(?:i?b)?", re.IGNORECASE)
PORT = re.compile(r"(?:.*:)?([0-9]{1,5})(?:-[0-9]{1,5})?(?:/([a-z]{1,8}))?")
CPUS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


def seconds(text: Any) -> int:
    """Return the whole seconds of a duration, rounded up; raises `ValueError` for what is none."""
    parts = [("0", "s")] if text == "0" else DURATION.findall(str(text))
    if "".join(number + unit for number, unit in parts) not in {str(text), f"{text}s"} or not parts:
        raise ValueError("isn't a duration, such as 1m30s")
    exact = sum(float(number) * SECONDS[unit] for number, unit in parts)
    return min(math.ceil(round(exact, 9)), INT32)


def memory(size: Any) -> str | None:
    """Return a size as a quantity, None for 0, which sets no limit; raises `ValueError` for what is none."""
    match = SIZE.fullmatch(str(size))
    if match is None:
        raise ValueError("isn't a size, such as 512m")
    amount = math.ceil(float(match[1]) * 1024 ** " KMGT".index(match[2].strip("bB").upper() or " "))
    if not amount:
        return None
    power = next(each for each in (3, 2, 1, 0) if not amount % 1024**each)
    return f"{amount // 1024**power}{('', 'Ki', 'Mi', 'Gi')[power]}"


def cpus(number: Any) -> str | None:
    """Return a number of CPUs, None for 0, which sets no limit; raises `ValueError` for what is none."""
    if not CPUS.fullmatch(str(number)):
        raise ValueError("isn't a number of CPUs, such as 0.5")
    return str(number) if float(number) else None


def count(number: Any) -> int:
    """Return a whole number; raises `ValueError` for what is none."""
    if isinstance(number, bool) or not re.fullmatch(r"[0-9]{1,9}", str(number)):
        raise ValueError("isn't a whole number")
    return int(number)


def ports(said: list[Any]) -> list[int]:
    """Return the TCP ports in the container; raises `ValueError` for what is none."""
    found = []
    for each in said:
        long = f"{each.get('target')}/{each.get('protocol', 'tcp')}" if isinstance(each, dict) else str(each)
        match = PORT.fullmatch(long)
        if match is None or not 0 < int(match[1]) < 65536:
            raise ValueError("isn't a port, such as 8080:80")
        if match[2] in {None, "tcp"}:
            found.append(int(match[1]))
    return found


def words(said: Any) -> list[str]:
    """Return the words of a command, which no shell reads; raises `ValueError` for quotes that don't end."""
    try:
        found = shlex.split(said) if isinstance(said, str) else said
    except ValueError as error:
        raise ValueError("has a quote or a backslash at the end") from error
    return [each.replace("$$", "$") for each in found]


def variables(said: Any) -> dict[str, str | None]:
    """Return variables of a mapping or a list; None is one whose value is the shell's."""
    if isinstance(said, list):
        pairs = (each.partition("=") for each in said)
        said = {name: value if equals else None for name, equals, value in pairs}
    return {name: None if value is None else _text(value) for name, value in (said or {}).items()}


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("$$", "$")
