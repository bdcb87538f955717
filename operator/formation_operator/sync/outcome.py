"""The outcomes of a plan's actions."""

import dataclasses

from formation_operator.api.reasons import Trouble
from formation_operator.kube.events.notices import Notice
from formation_operator.observe.children import Child
from formation_operator.sync.planner import Action, Verb


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of one action."""

    action: Action
    child: Child | None = None
    """The object as it is now, if it was written or found."""
    again: bool = False
    """Whether nothing was written because the object has changed: the next pass decides again."""
    taken_over: bool = False
    """Whether the managed fields of its creator were made ours instead."""
    gone: bool = False
    problem: str | None = None
    """Why it couldn't be done, as people read it."""
    lasting: bool = False
    """Whether waiting won't fix the problem."""
    notices: tuple[Notice, ...] = ()

    @property
    def trouble(self) -> Trouble:
        """The reason of a problem, for programs."""
        return self.action.trouble or (Trouble.REFUSED if self.lasting else Trouble.RETRYING)

    @property
    def is_repair(self) -> bool:
        """Whether it counts as a repair, of which `repair_limit` allows only some."""
        verbs = Verb.REPAIR, Verb.ADOPT, Verb.SCALE
        return self.taken_over or (self.action.verb in verbs and not self.again)

    def with_event(self, notice: Notice) -> "Outcome":
        """Return the outcome with an Event, if anything was done."""
        return self if self.again else dataclasses.replace(self, notices=(notice,))
