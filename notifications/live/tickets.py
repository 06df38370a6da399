"""Tickets for the socket: single use, one minute, bound to an account and its session.

A ticket comes over HTTP, where the session is checked, and goes into the first message on the
socket: never into its address, which ends up in logs.
"""

import secrets
from dataclasses import dataclass

import orjson
import redis.asyncio

import gmcrypto
from foundation.core import redis as valkey

LIFE_SECONDS = 60
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a ticket lets in: public id of the account, digest of the session."""

    account: str
    session: str


def issue(*, account_id: str, session: str) -> str:
    """A ticket for one connection."""
    ticket = secrets.token_urlsafe(24)
    body = orjson.dumps({"account": account_id, "session": session})
    valkey.client().set(_place(ticket), body, ex=LIFE_SECONDS)
    return ticket


async def redeem(client: redis.asyncio.Redis, ticket: object) -> Holder | None:
    """Use a ticket up; nothing if it is unknown, too old or used before."""
    if not isinstance(ticket, str) or not 0 < len(ticket) <= _LONGEST:
        return None
    body = await client.getdel(_place(ticket))
    if body is None:
        return None
    found = orjson.loads(body)
    return Holder(account=found["account"], session=found["session"])


def _place(ticket: str) -> str:
    # Who can read the store must not be able to connect as somebody else.
    return valkey.key("live-ticket", gmcrypto.sm3(ticket.encode()).hex())
