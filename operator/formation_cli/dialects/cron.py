"""The cron entries of an ``app.json``, as Dokku has them.

Source: https://dokku.com/docs/processes/scheduled-cron-tasks/
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from formation_cli.failures import Mistyped
from formation_operator.api.formation import LONGEST_WORD, MOST_SCHEDULES, SCHEDULE
from formation_operator.kube.objects import lenient

TIME = re.compile(SCHEDULE)
POLICIES = {each.lower(): each for each in ("Allow", "Forbid", "Replace")}


class Cron(NamedTuple):
    """A line that runs by the clock."""

    schedule: str
    command: str
    """As a shell reads it."""
    policy: str = ""
    suspended: bool = False


def parsed(text: str, file: str) -> Any:
    """Return the value of a JSON file; raises `Mistyped` if it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Mistyped(f"{file}, line {error.lineno}: no JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise Mistyped(f"{file}: not JSON: a number is too long, or it is nested too deeply.") from error


def entries(app: Any, file: str) -> list[Cron]:
    """Return the entries of an app.json."""
    listed = app.get("cron") or [] if isinstance(app, Mapping) else []
    if not isinstance(listed, list):
        raise Mistyped(f"{file}: cron must be a list.")
    if len(listed) > MOST_SCHEDULES:
        raise Mistyped(
            f"{file}: {len(listed)} entries of cron, and a Formation can have {MOST_SCHEDULES} schedules."
        )
    return [_entry(entry, f"{file}: entry {number} of cron") for number, entry in enumerate(listed, 1)]


def _entry(entry: Any, where: str) -> Cron:
    if not isinstance(entry, Mapping):
        raise Mistyped(f"{where} must be an object such as {{command, schedule}}.")
    command, schedule = entry.get("command"), entry.get("schedule")
    if not isinstance(command, str) or not _is_line(command):
        raise Mistyped(f"{where}: command must be a line of at most {LONGEST_WORD} bytes.")
    if not isinstance(schedule, str) or not TIME.fullmatch(schedule.strip()):
        raise Mistyped(
            f"{where}: schedule isn't one of cron.", hint='Write "0 3 * * *" or @daily, for example.'
        )
    policy = entry.get("concurrency_policy")
    if policy is not None and (not isinstance(policy, str) or policy.lower() not in POLICIES):
        raise Mistyped(f"{where}: concurrency_policy is one of {', '.join(POLICIES)}.")
    known = POLICIES[policy.lower()] if policy else ""
    return Cron(schedule.strip(), command.strip(), known, suspended=entry.get("maintenance") is True)


def _is_line(command: str) -> bool:
    return bool(command.strip()) and "\n" not in command and len(lenient.shown(command, LONGEST_WORD)) > 0
