"""The limited time in which contents of one's own records are open (OP-08).

The session remembers until when; closing it is as simple as forgetting that. What asks for it
stands in ``records.rules.NEEDS_FRESH_PROOF``.
"""

from datetime import UTC, datetime

from allauth.account.adapter import get_adapter
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from foundation.accounts import phone_codes
from foundation.accounts import selectors as accounts
from foundation.accounts import services as sign_in
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from identity import selectors as identity
from identity.errors import LevelTooLow
from identity.rules import Deed, require
from records.errors import PhoneNeeded, RecordsLocked
from records.rules import NEEDS_FRESH_PROOF, OPEN_FOR, Opening

_KEY = "records_open_until"


def send_code(request: HttpRequest) -> str:
    """Send a code to the phone that the resident signs in with.

    Returns:
        The number, masked.

    Raises:
        LevelTooLow: The account is not sure enough to be its person, so that no code would help.
        PhoneNeeded: The account has no phone.
        TooManyRequests: As for every code.
    """
    account = accounts.account_of(request)
    own = identity.self_person(account.pk)
    if own is None:
        raise LevelTooLow
    require(own.level, Deed.READ_RECORDS)
    phone = accounts.phone_of(account)
    if not phone:
        raise PhoneNeeded
    sign_in.request_phone_code(phone=phone, ip=_ip(request), purpose=phone_codes.RECORDS)
    return accounts.masked_phone(account)


def unlock(request: HttpRequest, *, session: SessionBase, code: str) -> datetime:
    """Open the contents for a session of the resident, by the code that was sent.

    Not to be called in a transaction: a used code is used, whatever comes after.

    Returns:
        Until when they are open.

    Raises:
        PhoneNeeded: The account has no phone.
        CodeRefused: The code is wrong, used or out of date.
    """
    account = accounts.account_of(request)
    phone = accounts.phone_of(account)
    if not phone:
        raise PhoneNeeded
    sign_in.use_phone_code(phone=phone, purpose=phone_codes.RECORDS, code=code, ip=_ip(request))
    until = clock.now() + OPEN_FOR
    session[_KEY] = until.timestamp()
    audit.record(
        Action.RECORDS_UNLOCKED,
        actor=accounts.actor_of(request),
        subject=account,
        details={"method": "phone"},
    )
    return until


def lock(session: SessionBase) -> None:
    """Shut the contents before the time is over."""
    session.pop(_KEY, None)


def open_until(session: SessionBase) -> datetime | None:
    """Until when contents are open in this session; none if they are shut."""
    until = datetime.fromtimestamp(float(session.get(_KEY, 0)), UTC)
    return until if until > clock.now() else None


def require_open(session: SessionBase, opening: Opening) -> None:
    """Let pass what needs no fresh proof, and everything while the time lasts.

    Raises:
        RecordsLocked: Otherwise.
    """
    if opening in NEEDS_FRESH_PROOF and open_until(session) is None:
        raise RecordsLocked


def _ip(request: HttpRequest) -> str:
    return str(get_adapter().get_client_ip(request))
