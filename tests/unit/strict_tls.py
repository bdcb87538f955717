"""What Python and urllib3 ask of certificates from Python 3.13 on, whichever runs the tests."""

import ssl
from collections.abc import Callable
from typing import Any


def strict(make: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    """Return what makes contexts as another does, but that they want key identifiers and a key usage."""

    def made(*args: Any, **named: Any) -> ssl.SSLContext:
        context = make(*args, **named)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    return made
