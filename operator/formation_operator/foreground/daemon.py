r"""What can be said of a program that puts itself into the background, in a form that two languages read.

The patterns are regular expressions that mean the same to Python and to RE2: the operator reads a command
with them, and ``manifests/policies`` does the same in CEL.  A command is one text there, in which each word
ends with a line feed.  An option and its value are read as one, whether they are one word or
two: ``-D\nFOREGROUND`` is ``-D FOREGROUND``.
"""

import dataclasses
import re
import string

ANYTHING = r"(?s:.*)"
UNKNOWN = r"(?s:.*\$\(.*)"
"""A word with a variable, whose value isn't known before the process starts."""
NO_FILE = re.compile(rf"[^\n]*[\n=](/dev/null)?|{UNKNOWN}")
"""An option for a PID file that turns it off, or may."""


@dataclasses.dataclass(frozen=True)
class Daemon:
    """How a program gets into the background, and how it stays out of it.

    Every pattern is about one whole option with its value, or about one other word.
    """

    way_out: str
    """What to do instead, for people."""
    background: str = ""
    """What sends it into the background; without one, only its configuration decides."""
    foreground: str = ""
    """What keeps it in the foreground whatever else is said, or makes it do something short instead."""
    perhaps: str = ""
    """What may keep it there, depending on its configuration or its environment."""
    only: str = ""
    """What must be said as well, such as a subcommand."""
    pid_file: str = ""
    """What makes it write a PID file."""
    values: str = ""
    """The options whose value may be the next word."""
    does: str = "goes into the background"

    @property
    def stays(self) -> str:
        """The pattern of options that rule out a warning."""
        return "|".join(filter(None, (self.foreground, self.perhaps)))

    @property
    def words(self) -> str:
        """The pattern that reads the words of a command one after the other, each with its line feed.

        A value never looks like an option here, so that a mistake hides no option that counts.
        """
        word = r"[^\n]*\n"
        return rf"({self.values})\n[^-\n][^\n]*\n|{word}" if self.values else word


def by_default(way_out: str, foreground: str, perhaps: str = "", **more: str) -> Daemon:
    """Return a program that leaves the foreground without an option; an unknown word rules out a warning."""
    return Daemon(way_out, ANYTHING, foreground, f"{perhaps}|{UNKNOWN}" if perhaps else UNKNOWN, **more)


def pid_file(options: str) -> dict[str, str]:
    """Return the patterns of a PID file that one of some options names in the next word or behind it."""
    names = [option + (r"[\n=]" if option.startswith("--") else r"\n?") for option in options.split("|")]
    either = f"({'|'.join(names)})" if len(names) > 1 else names[0]
    return {"pid_file": f"{either}.+", "values": options}


def among(flags: str) -> str:
    """Return the pattern of options of one letter that stand in one word, up to the first of some of them.

    Up to any of them would be another way to read the word for each, and too many in a long one.
    """
    others = "".join(letter for letter in string.ascii_letters if letter not in flags)
    return f"-[{others}]*[{flags}]"


def add(flag: str, setting: str = "") -> str:
    """Return the way out of a program that an option keeps in the foreground, or a setting."""
    return f"add {flag} to its command" + (f", or {setting} to its configuration" if setting else "")


def drop(flags: str, setting: str = "") -> str:
    """Return the way out of a program that an option sends into the background, or a setting."""
    return f"take {flags} out of its command" + (
        f", and {setting} out of its configuration" if setting else ""
    )


def run(instead: str) -> str:
    """Return the way out where another command is the right one."""
    return f"run {instead} instead"
