"""Calls to hosts that institutions name, which may resolve to anything.

A host name says nothing about the machine behind it: its owner may point it at this machine, at
a neighbour in our own network, or at a cloud's service of credentials, and may change that
between a check and the call. So the name is resolved here, every address of it is checked, and
the call goes to an address that was checked; certificate and ``Host`` are those of the name.
"""

import ipaddress
import socket
from collections.abc import Sequence

import httpx
from django.conf import settings

from foundation.core.http import Outbound, OutsideError, OutsideUnavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses of the other kind, and so any of them, are written into these.
_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16", "2001::/32")))


class AddressNotPublic(OutsideError):
    """A host resolves to an address of a network that nobody outside may have called."""


def outbound_to(base_url: str, *, name: str, timeout: float) -> Outbound:
    """A client of a host that an institution has named, for one call; a later one resolves anew.

    Args:
        base_url, name, timeout: As of ``Outbound``.

    Raises:
        AddressNotPublic: The name has an address that is not public, nor of a network in
            ``CALLBACK_NETWORKS``.
        OutsideUnavailable: The name has no address.
    """
    url = httpx.URL(base_url)
    addresses = _resolved(url, name)
    if not all(map(is_callable, addresses)):
        raise AddressNotPublic(name, "address is not public")
    # Not every network that resolves addresses of version 6 has a way to them.
    pinned = url.copy_with(host=str(min(addresses, key=lambda address: address.version)))
    return Outbound(str(pinned), name=name, timeout=timeout, host=url)


def is_callable(address: Address) -> bool:
    """Whether an address is a public one, or of a network that the settings name."""
    if any(address in network for network in settings.CALLBACK_NETWORKS):
        return True
    return (
        address.is_global and not address.is_multicast and not any(address in network for network in _TUNNELS)
    )


def _resolved(url: httpx.URL, name: str) -> Sequence[Address]:
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise OutsideUnavailable(name, "no such host") from exc
    # A scope, as in fe80::1%eth0, is none of the address; what has one is local anyway.
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
