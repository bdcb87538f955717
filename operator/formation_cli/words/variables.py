"""Variables as they are typed: ``KEY=VALUE``; which names there can be, and which look secret."""

import re
from collections.abc import Iterable, Mapping

from formation_cli.failures import Mistyped
from formation_operator.api.fields import LONGEST_WORD
from formation_operator.kube.objects import lenient

NAME = re.compile(r"[A-Za-z_][-._A-Za-z0-9]{0,252}")
"""What can be both the name of a variable and a key of a Secret, on each minor of Kubernetes that we know."""
PARTS = re.compile(
    "AUTH|CREDENTIALS?|DSN|KEYS?|PASS|PRIVATE|PWD|SALT|SIGNING"
    "|[A-Z0-9]*(APIKEY|PASSPHRASE|PASSWD|PASSWORD|SECRET|TOKEN)S?"
)
"""Parts of names of what is secret."""
STORES = re.compile(r"(.*_)?(AMQP|DATABASE|DB|MONGO(DB)?|MYSQL|POSTGRES(QL)?|RABBITMQ|REDIS|SMTP)_UR[IL]")
"""Names of addresses that have a password in them as a rule."""
PUBLIC = {"PUBLIC", "PUBLISHABLE"}
CREDENTIALS = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,256}:[^/\s@]{1,1024}@|-----BEGIN [A-Z ]{0,40}PRIVATE KEY"
)
"""A value that is secret, whatever its name is."""


def parse(words: Iterable[str], hint: str = "") -> dict[str, str]:
    """Return the variables; raises `Mistyped` for what can't be one, and for one that is named twice.

    The hint is the way out for one without a value.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        check_name(name)
        if not equals:
            raise Mistyped(f"{name} has no value: type {name}=VALUE.", hint=hint)
        if name in found:
            raise Mistyped(f"{name} is named twice.")
        check_value(name, value)
        found[name] = value
    return found


def check_name(name: str, *, secret: bool = False) -> None:
    """Raise `Mistyped` for a name that no variable can have; what may be a secret value isn't shown."""
    if not NAME.fullmatch(name):
        hidden = secret or CREDENTIALS.search(name)
        what = "What is typed" if hidden else repr(lenient.shown(name, lenient.LONGEST_WORD))
        raise Mistyped(
            f"{what} can't be the name of a variable: start with a letter or '_', and use letters, "
            "digits, '_', '-' and '.'."
        )


def check_value(name: str, value: str) -> None:
    """Raise `Mistyped` for a value that no process can be given; the sentence doesn't have it."""
    try:
        size = len(f"{name}={value}".encode())
    except UnicodeEncodeError as error:
        raise Mistyped(f"{name}: its value isn't UTF-8.") from error
    if size > LONGEST_WORD:
        raise Mistyped(f"{name}: its value is too long: a process takes less than {LONGEST_WORD} bytes.")


def secret_ones(variables: Mapping[str, str]) -> list[str]:
    """Return the names of those variables that look secret."""
    return [name for name, value in variables.items() if _looks_secret(name, value)]


def _looks_secret(name: str, value: str) -> bool:
    parts = {*re.split("[-._]", name.upper())}
    by_name = STORES.fullmatch(name.upper()) or (any(map(PARTS.fullmatch, parts)) and not PUBLIC & parts)
    return bool(by_name or CREDENTIALS.search(value))
