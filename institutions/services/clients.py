"""What staff do to the clients of an institution: the gateway does it, the duty is asked here.

The gateway stands below the rooms that know what staff are.
"""

from collections.abc import Iterable
from datetime import timedelta

from foundation.core.actor import Actor
from foundation.gateway import services as gateway
from institutions.rules import Duty
from institutions.services import require


def add_key(*, client: str, algorithm: str, public_key: str, actor: Actor, reason: str) -> gateway.NewKey:
    """Add a key to a client, as ``gateway.services.add_key``."""
    require(actor, Duty.MANAGE_KEYS)
    return gateway.add_key(
        client=client, algorithm=algorithm, public_key=public_key, actor=actor, reason=reason
    )


def rotate_key(*, key: str, overlap: timedelta, public_key: str, actor: Actor, reason: str) -> gateway.NewKey:
    """Put another key in a key's place, as ``gateway.services.rotate_key``."""
    require(actor, Duty.MANAGE_KEYS)
    return gateway.rotate_key(key=key, overlap=overlap, public_key=public_key, actor=actor, reason=reason)


def retire_key(*, key: str, actor: Actor, reason: str) -> None:
    """End a key, as ``gateway.services.retire_key``."""
    require(actor, Duty.MANAGE_KEYS)
    gateway.retire_key(key=key, actor=actor, reason=reason)


def set_scopes(*, client: str, scopes: Iterable[str], actor: Actor, reason: str) -> None:
    """Replace what a client may do, as ``gateway.services.set_scopes``."""
    require(actor, Duty.MANAGE_CLIENTS)
    gateway.set_scopes(client=client, scopes=scopes, actor=actor, reason=reason)


def set_hosts(*, client: str, hosts: Iterable[str], actor: Actor, reason: str) -> None:
    """Replace the hosts to which residents are led back, as ``gateway.services.set_hosts``."""
    require(actor, Duty.MANAGE_CLIENTS)
    gateway.set_hosts(client=client, hosts=hosts, actor=actor, reason=reason)


def suspend_client(*, client: str, actor: Actor, reason: str) -> None:
    """Refuse a client's calls, as ``gateway.services.suspend_client``."""
    require(actor, Duty.STOP_CLIENTS)
    gateway.suspend_client(client=client, actor=actor, reason=reason)


def resume_client(*, client: str, actor: Actor, reason: str) -> None:
    """Serve a suspended client again, as ``gateway.services.resume_client``."""
    require(actor, Duty.MANAGE_CLIENTS)
    gateway.resume_client(client=client, actor=actor, reason=reason)


def retire_client(*, client: str, actor: Actor, reason: str) -> None:
    """End a client and its keys for good, as ``gateway.services.retire_client``."""
    require(actor, Duty.STOP_CLIENTS)
    gateway.retire_client(client=client, actor=actor, reason=reason)
