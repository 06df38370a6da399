"""Addresses of institutions to which browsers are led back and notices are posted.

A client registers the hosts that are its own. Nothing is ever sent to another one, and no
page of ours leads a browser elsewhere, whatever a request asks for. What a host resolves to is
checked when it is called (``core.strangers``).
"""

import re
from collections.abc import Collection
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from django.conf import settings

from foundation.gateway.errors import AddressNotAllowed

LONGEST = 500
MOST_HOSTS = 20
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
# What parsers read differently: white space, control characters, a backslash for a slash.
_PLAIN = re.compile(r"[!-\[\]-~]+")


def is_host(name: str) -> bool:
    """Whether a text can be registered: a host name in lower case, this machine only in a demo.

    Addresses in numbers are none: they name machines of our own network as well.
    """
    if name in LOOPBACK:
        return bool(settings.DEMO)
    # Whatever ends in a number is read as an address, also in hexadecimal and with fewer parts.
    return bool(_NAME.fullmatch(name)) and "." in name and name.rpartition(".")[2][0].isalpha()


def require_address(address: str, hosts: Collection[str], *, field: str) -> None:
    """Let pass an address on one of a client's own hosts: HTTPS, in a demo also this machine.

    Raises:
        AddressNotAllowed: For any other; ``field`` names the parameter that held it.
    """
    parts = _parts(address)
    host = (parts.hostname or "") if parts is not None else ""
    if parts is None or host not in hosts or not _is_protected(parts.scheme, host):
        raise AddressNotAllowed(field=field)


def host_of(address: str) -> str:
    """The host that an address names; empty for what is no address."""
    parts = _parts(address)
    return (parts.hostname or "") if parts is not None else ""


def origin_of(address: str) -> str:
    """Scheme, host and port of an address that was let pass."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def with_answer(address: str, **answer: str) -> str:
    """The address with what it is told in its query; a name that it has already is replaced."""
    parts = urlsplit(address)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in answer]
    told = [(name, value) for name, value in answer.items() if value]
    return parts._replace(query=urlencode([*kept, *told])).geturl()


def _parts(address: str) -> SplitResult | None:
    if not 0 < len(address) <= LONGEST or not _PLAIN.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.password is not None or port == 0:
        return None
    return parts


def _is_protected(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and bool(settings.DEMO) and host in LOOPBACK)
