"""The cron entries of an ``app.json``, as Dokku has them.

Source: https://dokku.com/docs/processes/scheduled-cron-tasks/
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from pydantic.dataclasses import dataclass

from formation_cli.dialects import checks
from formation_operator.api.commands import SCHEDULE
from formation_operator.api.fields import LONGEST_WORD
from formation_operator.api.formation import MOST_SCHEDULES

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_WORD, pattern=r"^[^\n\x00]*$"),
]
"""A command as a shell reads it."""


@dataclass(frozen=True)
class Cron:
    """A line that runs by the clock."""

    schedule: Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^(?:{SCHEDULE})$")]
    command: Line
    concurrency_policy: (
        Annotated[Literal["Allow", "Forbid", "Replace"], BeforeValidator(lambda word: str(word).title())]
        | None
    ) = None
    maintenance: bool = False


class Entries(BaseModel):
    """What of an app.json is about the clock."""

    cron: Annotated[list[Cron], Field(max_length=MOST_SCHEDULES)] = []


def entries(text: str, file: str) -> list[Cron]:
    """Return the entries of an app.json; raises `Mistyped` with the place of what is none."""
    found: Entries = checks.parsed(Entries, text, file)
    return found.cron
