"""Log in by the ``kubernetes`` client: with a command or a provider of the kubeconfig, or as a Pod.

It takes longer to import than all else, so who has a token or a certificate does without it.
"""

import contextlib
import functools
import logging
import pathlib
import threading
from collections.abc import Callable, Iterator
from logging import handlers
from typing import Any

from kubernetes import client, config
from kubernetes.client import rest
from kubernetes.config import kube_config

from formation_cli import failures
from formation_cli.cluster.access import Server
from formation_operator.kube.objects import lenient

MOST_LINES = 1000
"""Lines that a login is expected to log at most."""


def of_pod() -> Server:
    """Return the API server that a Pod's service account is for."""
    configuration = client.Configuration()
    with _complaining():
        config.load_incluster_config(client_configuration=configuration)
    return _server(configuration)


def of_kubeconfig(found: dict[str, Any], folder: str) -> Server:
    """Take what a kubeconfig says, and have its command log in; it may be asked again."""
    configuration = client.Configuration()
    with _complaining():
        kube_config.KubeConfigLoader(found, config_base_path=folder).load_and_set(configuration)
    return _server(configuration)


def bypasses(host: str, no_proxy: str) -> bool:
    """Tell whether a host is reached without the proxy; entries are names, addresses and networks."""
    return bool(rest.should_bypass_proxies(host, no_proxy))


def _server(configuration: client.Configuration) -> Server:
    renew = configuration.refresh_api_key_hook
    if renew is not None:
        configuration.refresh_api_key_hook = functools.partial(_renew, renew)
    paths = configuration.cert_file, configuration.key_file
    server = Server(
        host=configuration.host,
        authorization=lambda: configuration.get_api_key_with_prefix("BearerToken") or "",
        authority=_text(configuration.ssl_ca_cert),
        certificate="\n".join(map(_text, paths)) if configuration.cert_file else "",
        is_verified=configuration.verify_ssl,
        tls_name=configuration.tls_server_name or "",
        proxy=configuration.proxy or "",
    )
    _clean_up()
    return server


def _text(path: str | None) -> str:
    return pathlib.Path(path).read_text(encoding="utf-8") if path else ""


def _clean_up() -> None:
    """Delete the client's files with keys of the kubeconfig: it would at our end, which may not come."""
    kube_config._cleanup_temp_files()  # noqa: SLF001  # it has no other way


def _renew(renew: Callable[[client.Configuration], None], configuration: client.Configuration) -> None:
    """Log in anew where that is due, before each request: it may be one of many at once.

    The client would set all else to what the kubeconfig says, too, in the midst of others' requests.
    """
    renewed = client.Configuration()
    with _complaining():
        renew(renewed)
    configuration.api_key = renewed.api_key
    _clean_up()


@contextlib.contextmanager
def _complaining() -> Iterator[None]:
    """Raise `NoAccess` if a login fails: the client would only log that, and go on as nobody."""
    complaints = handlers.BufferingHandler(MOST_LINES)
    complaints.setLevel(logging.ERROR)
    logging.getLogger().addHandler(complaints)
    said = []
    try:
        yield
    except (config.ConfigException, OSError, ValueError) as error:
        said.append(str(error))
    finally:
        logging.getLogger().removeHandler(complaints)
    own = (each for each in complaints.buffer if each.thread == threading.get_ident())
    said += [each.getMessage() for each in own]  # others may be in the midst of their own requests
    if said:
        raise failures.NoAccess(
            f"Logging in failed: {lenient.shown(said[0], lenient.LONGEST_SUMMARY)}",
            hint="The kubeconfig names the command that logs this user in: run that command by hand.",
        )
