"""Sending a code: the row is written first, the carrier is called with no transaction open.

Which supplier takes it, and what is learnt of it, is by the same shares as every other SMS
(``settings.SMS_NEXT_SUPPLIER``, ``settings.SMS_SUPPLIER_FAILED``). Somebody waits for a code, so after an
attempt that failed, or got no answer, the other supplier has it at once: at worst one code arrives
twice. Two codes never overtake each other: once a newer one was asked for, an older one is not
handed to anybody any more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.module_loading import import_string

from foundation.accounts.models import SmsDispatch, SmsState
from foundation.accounts.phone_codes import (
    ACTIVATE,
    BIND,
    FAMILY,
    JOIN,
    LIFE_SECONDS,
    RECORDS,
    SIGN_IN,
    WINDOW,
    phone_digest,
)
from foundation.carriers import sms
from foundation.carriers.errors import CarrierMisconfigured, CarrierRefused, CarrierTemporary
from foundation.core import clock

log = structlog.get_logger(__name__)

TEMPLATES = {
    SIGN_IN: "sign_in_code",
    BIND: "verification_code",
    JOIN: "verification_code",
    ACTIVATE: "verification_code",
    WINDOW: "verification_code",
    FAMILY: "family_code",
    RECORDS: "verification_code",
}
KEEP_DISPATCHES = timedelta(days=30)
# Longer than a call to a supplier takes.
LEASE = timedelta(seconds=sms.TIMEOUT_SECONDS * 2)
OPEN_STATES = (SmsState.WAITING, SmsState.SENDING)


def prepare(*, phone: str, code: str, purpose: str) -> SmsDispatch:
    """Write down what is to be sent, in the caller's transaction."""
    moment = clock.now()
    return SmsDispatch.objects.create(
        phone=phone,
        code=code,
        purpose=purpose,
        # Of the codes of two families to one phone each counts by itself.
        recipient="" if purpose == FAMILY else phone_digest(phone),
        created_at=moment,
        expires_at=moment + timedelta(seconds=LIFE_SECONDS),
    )


def send(dispatch_id: str) -> bool:
    """Hand one message to a supplier.

    Returns:
        Whether there is nothing left to do; False asks for another attempt.
    """
    row = SmsDispatch.objects.filter(public_id=dispatch_id, state__in=OPEN_STATES).first()
    if row is None:
        return True
    moment = clock.now()
    reason = _reason_against(row, moment)
    if reason:
        _finish(row, SmsState.FAILED, error=reason)
        return True
    if not _claimed(row, moment):
        # Another worker has it; should it have died, its lease runs out.
        return False
    try:
        reference = sms.send(
            template=TEMPLATES[row.purpose],
            phone=row.phone or "",
            params={"code": row.code or "", "minutes": LIFE_SECONDS // 60},
            request_id=row.public_id,
            supplier=row.supplier,
        )
    except (CarrierTemporary, CarrierMisconfigured) as exc:
        import_string(settings.SMS_SUPPLIER_FAILED)(name=row.supplier)
        _mine(row).update(state=SmsState.WAITING, last_error=exc.code[:60], lease_until=None)
        return False
    except CarrierRefused as exc:
        _finish(row, SmsState.FAILED, error=exc.code)
        return True
    _finish(row, SmsState.SENT, reference=reference)
    return True


def note_receipt(*, dispatch_id: str, supplier: str, is_delivered: bool, error: str = "") -> bool:
    """Note what a supplier says became of a code; whether it is one of ours, and new."""
    rows = SmsDispatch.objects.filter(public_id=dispatch_id, supplier=supplier, receipt_at=None)
    said = {} if is_delivered else {"last_error": error[:60]}
    return bool(rows.update(receipt_at=clock.now(), **said))


def taken_by(*, supplier: str, since: datetime, slow_after: timedelta) -> tuple[int, int]:
    """How many codes a supplier took since a moment, and how many of them were slow to arrive."""
    taken = SmsDispatch.objects.filter(
        # The index is by this time; a code goes out within its life or never.
        created_at__gte=since - timedelta(seconds=LIFE_SECONDS),
        supplier=supplier,
        sent_at__gte=since,
    )
    silent = Q(receipt_at=None, sent_at__lt=clock.now() - slow_after)
    return taken.count(), taken.filter(silent | Q(receipt_at__gt=F("sent_at") + slow_after)).count()


def _reason_against(row: SmsDispatch, moment: datetime) -> str:
    if row.expires_at <= moment:
        return "expired"
    later = SmsDispatch.objects.filter(recipient=row.recipient, purpose=row.purpose, pk__gt=row.pk)
    return "replaced" if row.recipient and later.exists() else ""


def _claimed(row: SmsDispatch, moment: datetime) -> bool:
    """Take the next attempt: of two workers one does."""
    choose: Callable[..., str] = import_string(settings.SMS_NEXT_SUPPLIER)
    is_lost = row.state == SmsState.SENDING and row.supplier in sms.suppliers()
    # After a worker that died, the one that knows our number; after a failure, another one.
    supplier = row.supplier if is_lost else choose(not_this=row.supplier)
    is_free = Q(state=SmsState.WAITING) | Q(lease_until=None) | Q(lease_until__lt=moment)
    taken = SmsDispatch.objects.filter(
        is_free, pk=row.pk, state__in=OPEN_STATES, attempts=row.attempts
    ).update(state=SmsState.SENDING, attempts=row.attempts + 1, supplier=supplier, lease_until=moment + LEASE)
    row.attempts, row.supplier = row.attempts + 1, supplier
    return bool(taken)


def _mine(row: SmsDispatch) -> "QuerySet[SmsDispatch]":
    """The row, as long as this attempt is the last one."""
    return SmsDispatch.objects.filter(pk=row.pk, state__in=OPEN_STATES, attempts=row.attempts)


def _finish(row: SmsDispatch, state: SmsState, *, reference: str = "", error: str = "") -> None:
    ended = _mine(row).update(
        state=state,
        phone=None,
        code=None,
        provider_reference=reference[:64],
        last_error=error[:60],
        sent_at=clock.now() if state is SmsState.SENT else None,
        lease_until=None,
    )
    if ended and state is SmsState.FAILED:
        log.warning("sms_not_sent", dispatch=row.public_id, error=error)


def purge() -> int:
    """Erase what expired unsent, and delete the rows that say only that a message went out."""
    moment = clock.now()
    for row in SmsDispatch.objects.filter(expires_at__lte=moment, phone__isnull=False)[:1000]:
        _finish(row, SmsState.FAILED, error="expired")
    SmsDispatch.objects.filter(expires_at__lte=moment).exclude(recipient="").update(recipient="")
    return SmsDispatch.objects.filter(created_at__lt=moment - KEEP_DISPATCHES).delete()[0]
